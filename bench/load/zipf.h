// Zipf draws ranks 0..n-1, rank k with a probability proportional to 1/(k+1)^exponent: a few keys get most requests.
//
// Exact, in constant time and memory whatever n (rejection-inversion, Hörmann and Derflinger 1996). Immutable after
// construction, so thread-safe; the caller brings the random numbers.
#ifndef PARACLE_BENCH_LOAD_ZIPF_H_
#define PARACLE_BENCH_LOAD_ZIPF_H_

#include <cstdint>

#include "bench/load/random.h"

namespace paracle::load {

class Zipf {
 public:
  // Exponent 0 is the uniform distribution. REQUIRES: n > 0, exponent >= 0.
  Zipf(int64_t n, double exponent);

  int64_t Draw(Random& random) const;

 private:
  double Integral(double x) const;         // Of x^-exponent, up to a constant.
  double InverseIntegral(double y) const;  // Of the above.
  double Weight(double x) const;

  int64_t n_;
  double exponent_;
  double low_;    // Integral at the left edge of rank 1, less its weight.
  double high_;   // Integral at the right edge of rank n.
  double shift_;  // Accept without looking when this close to the rank.
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_ZIPF_H_

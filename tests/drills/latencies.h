// Latencies of calls, and their quantiles. Not thread-safe: each caller keeps its own, and they are added up at the
// end.
#ifndef PARACLE_TESTS_DRILLS_LATENCIES_H_
#define PARACLE_TESTS_DRILLS_LATENCIES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace paracle::drills {

class Latencies {
 public:
  void Add(absl::Duration latency);
  void Add(const Latencies& others);

  size_t count() const { return millis_.size(); }
  // The smallest that at least `share` of all do not exceed; zero when there are none.
  absl::Duration Quantile(double share) const;
  absl::Duration Max() const { return Quantile(1); }

  // "0.4/1.2/52.0": p50, p99 and p99.9 in milliseconds.
  std::string ToString() const;

 private:
  mutable std::vector<float> millis_;
  mutable bool sorted_ = false;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_LATENCIES_H_

// Histogram counts values in buckets with fixed upper bounds. Recording takes no lock and shares no cache line between
// threads; reading sums what they wrote. Thread-safe.
#ifndef PARACLE_CACHECORE_HISTOGRAM_H_
#define PARACLE_CACHECORE_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "cachecore/striped.h"

namespace paracle::cachecore {

// Upper bounds of buckets, inclusive and rising, in the unit of the values: at most kMost. Beyond the last is one more.
struct Buckets {
  static constexpr size_t kMost = 20;

  absl::Span<const int64_t> bounds;

  // 10 us to 2.5 s, in nanoseconds.
  static Buckets Latency();
};

struct HistogramSnapshot {
  std::array<int64_t, Buckets::kMost + 1> counts{};  // Not cumulative; the one beyond the last bound follows it.
  int64_t count = 0;                                 // Their sum.
  int64_t sum = 0;                                   // Of the values.

  void Add(const HistogramSnapshot& other);
};

class Histogram {
 public:
  // REQUIRES: the bounds live as long as the histogram.
  explicit Histogram(Buckets buckets) : buckets_(buckets) {}

  // Values below zero count as zero.
  void Record(int64_t value);

  HistogramSnapshot Read() const;
  Buckets buckets() const { return buckets_; }

 private:
  struct Stripe {
    std::array<std::atomic<int64_t>, Buckets::kMost + 1> counts{};
    std::atomic<int64_t> sum{0};
  };

  const Buckets buckets_;
  Striped<Stripe> stripes_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_HISTOGRAM_H_

// LatencyHistogram counts durations in log-linear buckets, as HDR histograms do: every value from 1 ns to about an
// hour lands in a bucket at most 1/128 of its size wide, so a percentile is off by less than 0.8 %.
//
// Fixed size (about 35 KiB), never allocates after construction. Not thread-safe.
#ifndef PARACLE_BENCH_LOAD_HISTOGRAM_H_
#define PARACLE_BENCH_LOAD_HISTOGRAM_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace paracle::load {

class LatencyHistogram {
 public:
  LatencyHistogram();

  // Negative durations count as zero, those over an hour as an hour (max() still tells the truth).
  void Record(absl::Duration latency) { RecordNanos(absl::ToInt64Nanoseconds(latency)); }
  void RecordNanos(int64_t nanos);

  void Add(const LatencyHistogram& other);

  int64_t count() const { return count_; }
  // All zero while count() is.
  absl::Duration min() const;
  absl::Duration max() const;
  absl::Duration mean() const;

  // The smallest recorded value that is not exceeded by `percent` of all values, never below the truth by more than
  // the bucket's width and never above max(). Zero while count() is.
  // REQUIRES: 0 <= percent <= 100.
  absl::Duration Percentile(double percent) const;

  // How many values are at most `limit`, to the accuracy of the buckets.
  int64_t CountAtMost(absl::Duration limit) const;

 private:
  std::vector<int64_t> buckets_;
  int64_t count_ = 0;
  int64_t min_nanos_ = 0;
  int64_t max_nanos_ = 0;
  double sum_nanos_ = 0;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_HISTOGRAM_H_

// Threshold is a bound that a load test must keep, such as `p99<5ms` or `hit_ratio>0.5`.
#ifndef PARACLE_BENCH_LOAD_THRESHOLD_H_
#define PARACLE_BENCH_LOAD_THRESHOLD_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace paracle::load {

struct LoadReport;

struct Threshold {
  enum class Metric { kPercentile, kMean, kMax, kHitRatio, kErrorRate, kRequestsPerSecond, kErrors, kWrong };
  enum class Comparison { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

  std::string text;  // As it was written.
  Metric metric = Metric::kPercentile;
  double percent = 0;  // Only with kPercentile.
  Comparison comparison = Comparison::kLess;
  double bound = 0;  // Seconds for times, 0..1 for ratios, else a plain number.

  // Reads METRIC OP BOUND, spaces allowed. METRIC: p50, p99.9 (any percentile), mean, max, hit_ratio, error_rate,
  // requests_per_second (or rps), errors, wrong. OP: <, <=, >, >=. Times need a unit (ns, us, ms, s, m), ratios are
  // 0..1 or `1%`. INVALID_ARGUMENT says what is wrong and what is accepted.
  static absl::StatusOr<Threshold> Parse(std::string_view text);
};

// What became of a threshold. A figure that is not known (no request was answered) misses every bound.
struct ThresholdResult {
  Threshold threshold;
  bool met = false;
  bool known = false;
  double actual = 0;  // In the unit of Threshold::bound. Meaningless unless known.
};

ThresholdResult Judge(const Threshold& threshold, const LoadReport& report);

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_THRESHOLD_H_

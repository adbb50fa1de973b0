#include "bench/load/threshold.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bench/load/load_report.h"

namespace paracle::load {
namespace {

using Metric = Threshold::Metric;
using Comparison = Threshold::Comparison;

constexpr std::pair<std::string_view, Metric> kMetrics[] = {{"mean", Metric::kMean},
                                                            {"avg", Metric::kMean},
                                                            {"max", Metric::kMax},
                                                            {"hit_ratio", Metric::kHitRatio},
                                                            {"error_rate", Metric::kErrorRate},
                                                            {"requests_per_second", Metric::kRequestsPerSecond},
                                                            {"rps", Metric::kRequestsPerSecond},
                                                            {"errors", Metric::kErrors},
                                                            {"wrong", Metric::kWrong}};

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

std::string_view Trim(std::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(Absl(text));
  return {trimmed.data(), trimmed.size()};
}

// Digits and at most one point: SimpleAtod alone would take "nan", "0x1p3" and "1e9".
std::optional<double> PlainNumber(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != text.npos) return std::nullopt;
  double number = 0;
  if (!absl::SimpleAtod(Absl(text), &number)) return std::nullopt;
  return number;
}

absl::Status Refuse(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("threshold '", std::string(text), "': ", std::string(why),
                   "; expected METRIC OP BOUND such as p99<5ms, hit_ratio>0.5 or error_rate<1%"));
}

bool IsTime(Metric metric) {
  return metric == Metric::kPercentile || metric == Metric::kMean || metric == Metric::kMax;
}

bool IsRatio(Metric metric) { return metric == Metric::kHitRatio || metric == Metric::kErrorRate; }

// Sets metric and percent; false: unknown.
bool ParseMetric(std::string_view text, Threshold& threshold) {
  for (const auto& [name, metric] : kMetrics) {
    if (text != name) continue;
    threshold.metric = metric;
    return true;
  }
  if (!text.starts_with('p')) return false;
  const std::optional<double> percent = PlainNumber(text.substr(1));
  if (!percent || *percent > 100) return false;
  threshold.metric = Metric::kPercentile;
  threshold.percent = *percent;
  return true;
}

std::optional<double> ParseBound(std::string_view text, Metric metric) {
  if (IsTime(metric)) {
    absl::Duration bound;
    // Without a unit ParseDuration takes only 0.
    if (!absl::ParseDuration(Absl(text), &bound) || bound < absl::ZeroDuration()) return std::nullopt;
    if (bound == absl::InfiniteDuration()) return std::nullopt;
    return absl::ToDoubleSeconds(bound);
  }
  if (!IsRatio(metric)) return PlainNumber(text);
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  std::optional<double> bound = PlainNumber(text);
  if (bound && percent) *bound /= 100;
  if (bound && *bound > 1) return std::nullopt;
  return bound;
}

std::string_view BoundHint(Metric metric) {
  if (IsTime(metric)) return "a time bound needs a number and a unit (ns, us, ms, s, m)";
  if (IsRatio(metric)) return "a ratio's bound is 0 to 1, or 0% to 100%";
  return "the bound is not a number";
}

std::optional<double> Actual(const Threshold& threshold, const LoadReport& report) {
  if (IsTime(threshold.metric) && report.latency.count() == 0) return std::nullopt;
  switch (threshold.metric) {
    case Metric::kPercentile:
      return absl::ToDoubleSeconds(report.latency.Percentile(threshold.percent));
    case Metric::kMean:
      return absl::ToDoubleSeconds(report.latency.mean());
    case Metric::kMax:
      return absl::ToDoubleSeconds(report.latency.max());
    case Metric::kHitRatio:
      return report.hit_ratio();
    case Metric::kErrorRate:
      return report.error_rate();
    case Metric::kRequestsPerSecond:
      return report.requests_per_second();
    case Metric::kErrors:
      return static_cast<double>(report.errors);
    case Metric::kWrong:
      return static_cast<double>(report.wrong);
  }
  return std::nullopt;
}

bool Holds(double actual, Comparison comparison, double bound) {
  switch (comparison) {
    case Comparison::kLess:
      return actual < bound;
    case Comparison::kLessOrEqual:
      return actual <= bound;
    case Comparison::kGreater:
      return actual > bound;
    case Comparison::kGreaterOrEqual:
      return actual >= bound;
  }
  return false;
}

}  // namespace

absl::StatusOr<Threshold> Threshold::Parse(std::string_view text) {
  Threshold threshold;
  threshold.text = Trim(text);
  const size_t op = text.find_first_of("<>");
  if (op == text.npos) return Refuse(text, "no < or >");
  const bool or_equal = op + 1 < text.size() && text[op + 1] == '=';
  if (text[op] == '<') threshold.comparison = or_equal ? Comparison::kLessOrEqual : Comparison::kLess;
  if (text[op] == '>') threshold.comparison = or_equal ? Comparison::kGreaterOrEqual : Comparison::kGreater;
  if (!ParseMetric(Trim(text.substr(0, op)), threshold)) {
    return Refuse(text,
                  "unknown metric (known: pNN, mean, max, hit_ratio, error_rate, requests_per_second, errors, wrong)");
  }
  const std::optional<double> bound = ParseBound(Trim(text.substr(op + (or_equal ? 2 : 1))), threshold.metric);
  if (!bound) return Refuse(text, BoundHint(threshold.metric));
  threshold.bound = *bound;
  return threshold;
}

ThresholdResult Judge(const Threshold& threshold, const LoadReport& report) {
  ThresholdResult result;
  result.threshold = threshold;
  if (const std::optional<double> actual = Actual(threshold, report)) {
    result.known = true;
    result.actual = *actual;
    result.met = Holds(*actual, threshold.comparison, threshold.bound);
  }
  return result;
}

}  // namespace paracle::load

#include "bench/load/load_report.h"

#include <algorithm>

namespace paracle::load {

double LoadReport::requests_per_second() const {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  return seconds > 0 ? static_cast<double>(requests) / seconds : 0;
}

std::optional<double> LoadReport::hit_ratio() const {
  if (hits + misses == 0) return std::nullopt;
  return static_cast<double>(hits) / static_cast<double>(hits + misses);
}

std::optional<double> LoadReport::error_rate() const {
  if (requests + unsent == 0) return std::nullopt;
  return static_cast<double>(errors + unsent) / static_cast<double>(requests + unsent);
}

bool LoadReport::thresholds_met() const {
  return std::all_of(thresholds.begin(), thresholds.end(), [](const ThresholdResult& result) { return result.met; });
}

int LoadReport::ExitCode() const {
  if (interrupted) return 130;
  if (!aborted.empty()) return 2;
  if (wrong > 0 || (requests > 0 && errors == requests)) return 3;
  return thresholds_met() ? 0 : 99;
}

}  // namespace paracle::load

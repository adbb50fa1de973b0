#include "tests/drills/latencies.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace paracle::drills {

void Latencies::Add(absl::Duration latency) {
  millis_.push_back(static_cast<float>(absl::ToDoubleMilliseconds(latency)));
  sorted_ = false;
}

void Latencies::Add(const Latencies& others) {
  millis_.insert(millis_.end(), others.millis_.begin(), others.millis_.end());
  sorted_ = false;
}

absl::Duration Latencies::Quantile(double share) const {
  if (millis_.empty()) return absl::ZeroDuration();
  if (!sorted_) std::sort(millis_.begin(), millis_.end());
  sorted_ = true;
  const double rank = std::ceil(share * static_cast<double>(millis_.size()));
  const size_t index = std::clamp<size_t>(static_cast<size_t>(rank), 1, millis_.size()) - 1;
  return absl::Milliseconds(millis_[index]);
}

std::string Latencies::ToString() const {
  if (millis_.empty()) return "-";
  const auto millis = [&](double share) { return absl::ToDoubleMilliseconds(Quantile(share)); };
  return absl::StrFormat("%.1f/%.1f/%.1f", millis(0.5), millis(0.99), millis(0.999));
}

}  // namespace paracle::drills

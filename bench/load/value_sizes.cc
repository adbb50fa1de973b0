#include "bench/load/value_sizes.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bench/load/random.h"

namespace paracle::load {
namespace {

// gRPC servers refuse larger messages unless told otherwise, but whoever raised the limit may test it.
constexpr int64_t kMaxBytes = int64_t{64} << 20;

// Quantiles of the answers' lengths in 2,223 recorded exchanges with OpenAI, Anthropic and Gemini (test traffic of
// pydantic-ai, openllmetry, ruby_llm, openinference, logfire and opentelemetry-python-contrib, repeats included).
struct Quantile {
  double share;
  int64_t bytes;
};
constexpr Quantile kRecorded[] = {
    {0, 130},    {0.05, 414}, {0.1, 460},  {0.2, 542},    {0.3, 642},    {0.4, 751},    {0.5, 1074},    {0.6, 1435},
    {0.7, 2187}, {0.8, 3544}, {0.9, 7139}, {0.95, 14991}, {0.98, 42406}, {0.99, 59157}, {0.995, 84408}, {1, 238243},
};

int64_t RecordedSize(double share) {
  size_t i = 1;
  while (i + 1 < std::size(kRecorded) && kRecorded[i].share < share) ++i;
  const Quantile& low = kRecorded[i - 1];
  const Quantile& high = kRecorded[i];
  const double part = (share - low.share) / (high.share - low.share);
  return low.bytes + static_cast<int64_t>(part * static_cast<double>(high.bytes - low.bytes));
}

std::optional<int64_t> ParseBytes(std::string_view text) {
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"MB", 1'000'000}, {"kB", 1'000}, {"B", 1}};
  int64_t factor = 1;
  for (const auto& [unit, bytes] : kUnits) {
    if (!text.ends_with(unit)) continue;
    factor = bytes;
    text.remove_suffix(unit.size());
    break;
  }
  int64_t number = 0;
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number)) return std::nullopt;
  if (number > kMaxBytes / factor) return std::nullopt;
  return number * factor;
}

}  // namespace

ValueSizes ValueSizes::Recorded() {
  return ValueSizes(Kind::kRecorded, kRecorded[0].bytes, std::rbegin(kRecorded)->bytes);
}

absl::StatusOr<ValueSizes> ValueSizes::Parse(std::string_view text) {
  if (text == "recorded") return Recorded();
  const size_t dash = text.find('-');
  const std::optional<int64_t> min = ParseBytes(text.substr(0, dash));
  const std::optional<int64_t> max = dash == text.npos ? min : ParseBytes(text.substr(dash + 1));
  if (!min || !max || *min > *max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "value size '", std::string(text),
        "': expected bytes such as 4096 or 4KiB, a range such as 1KiB-64KiB, or 'recorded'; at most 64MiB"));
  }
  return *min == *max ? Fixed(*min) : Range(*min, *max);
}

int64_t ValueSizes::Size(uint64_t uniform) const {
  switch (kind_) {
    case Kind::kFixed:
      return min_;
    case Kind::kRange:
      return min_ + static_cast<int64_t>(Random(uniform).Below(static_cast<uint64_t>(max_ - min_) + 1));
    case Kind::kRecorded:
      return RecordedSize(Random(uniform).NextDouble());
  }
  return min_;
}

std::string ValueSizes::ToString() const {
  switch (kind_) {
    case Kind::kFixed:
      return absl::StrCat(min_);
    case Kind::kRange:
      return absl::StrCat(min_, "-", max_);
    case Kind::kRecorded:
      return "recorded";
  }
  return "";
}

}  // namespace paracle::load

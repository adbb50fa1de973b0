#include "cli/value_parse.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace paracle::cli {
namespace {

absl::Status Refuse(absl::string_view text, absl::string_view accepted) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not ", accepted));
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text, absl::Duration unit) {
  absl::Duration duration;
  double number = 0;
  if (absl::SimpleAtod(text, &number)) {
    duration = std::isnan(number) ? absl::ZeroDuration() : number * unit;
  } else if (!absl::ParseDuration(text, &duration)) {
    duration = absl::ZeroDuration();
  }
  if (duration <= absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return Refuse(text, absl::StrCat("a positive duration; write 500ms, 2s, 1h30m or a number of ",
                                     unit == absl::Seconds(1) ? "seconds" : "milliseconds"));
  }
  return duration;
}

absl::StatusOr<int64_t> ParseWhole(absl::string_view text, int64_t min, int64_t max) {
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= min && number <= max) return number;
  return Refuse(text, absl::StrCat("a whole number from ", min, " to ", max));
}

absl::StatusOr<double> ParseNumber(absl::string_view text, double min, double max) {
  double number = 0;
  if (absl::SimpleAtod(text, &number) && number >= min && number <= max) return number;
  return Refuse(text, absl::StrCat("a number from ", min, " to ", max));
}

absl::StatusOr<std::pair<int64_t, int64_t>> ParseTokens(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  constexpr int64_t kMax = std::numeric_limits<uint32_t>::max();
  if (parts.size() == 2) {
    const absl::StatusOr<int64_t> in = ParseWhole(parts[0], 0, kMax);
    const absl::StatusOr<int64_t> out = ParseWhole(parts[1], 0, kMax);
    if (in.ok() && out.ok()) return std::make_pair(*in, *out);
  }
  return Refuse(text, "IN,OUT: tokens of the prompt, a comma, tokens of the answer, for example 120,48");
}

}  // namespace paracle::cli

// Reads the values that people type: durations, numbers. Errors are INVALID_ARGUMENT and say what would be
// accepted; they do not name the flag, which the caller knows.
#ifndef PARACLE_CLI_VALUE_PARSE_H_
#define PARACLE_CLI_VALUE_PARSE_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace paracle::cli {

// "500ms", "2s", "1h30m", or a bare number of `unit`s. Positive and finite.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text, absl::Duration unit);

// A whole number in [min, max].
absl::StatusOr<int64_t> ParseWhole(absl::string_view text, int64_t min, int64_t max);

// A finite number in [min, max].
absl::StatusOr<double> ParseNumber(absl::string_view text, double min, double max);

// "IN,OUT": tokens of the prompt and of the completion.
absl::StatusOr<std::pair<int64_t, int64_t>> ParseTokens(absl::string_view text);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_VALUE_PARSE_H_

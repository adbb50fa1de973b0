// Reads what a flag names: a file, or standard input for "-".
#ifndef PARACLE_CLI_READ_INPUT_H_
#define PARACLE_CLI_READ_INPUT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paracle::cli {

// Far over what any server accepts, far under what hurts.
inline constexpr size_t kMaxInputBytes = 256 << 20;

// `path` as messages call it.
std::string InputName(const std::string& path);

// The bytes of `path`. Errors name `flag`: NOT_FOUND, FAILED_PRECONDITION (a directory, unreadable),
// INVALID_ARGUMENT (over kMaxInputBytes).
absl::StatusOr<std::string> ReadInput(absl::string_view flag, const std::string& path);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_READ_INPUT_H_

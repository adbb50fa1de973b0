// Shell completion scripts, made from the tree of commands itself so that they cannot lag behind it. Pure.
#ifndef PARACLE_CLI_COMPLETION_H_
#define PARACLE_CLI_COMPLETION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace CLI {
class App;
}

namespace paracle::cli {

// Shells that CompletionScript knows.
const std::vector<std::string>& CompletionShells();

// The script for `root` and everything below it. INVALID_ARGUMENT: unknown shell.
absl::StatusOr<std::string> CompletionScript(const CLI::App& root, absl::string_view shell);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_COMPLETION_H_

// What the command line of paracle-cache-server asks for.
#ifndef PARACLE_SERVICE_COMMAND_LINE_H_
#define PARACLE_SERVICE_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/settings.h"

namespace paracle::service {

struct CommandLine {
  enum class Action { kServe, kPrintConfig, kPrintText };

  Action action = Action::kServe;
  std::string text;  // For kPrintText: help or version.
  std::vector<FlagValue> flags;
};

// INVALID_ARGUMENT with one line: a flag that is not there, or without its value.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_COMMAND_LINE_H_

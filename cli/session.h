// Session is one run of `paracle`: what parsing filled in and what the chosen command reads.
#ifndef PARACLE_CLI_SESSION_H_
#define PARACLE_CLI_SESSION_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "cli/client_options.h"
#include "cli/exit_code.h"

namespace paracle::cli {

struct Session {
  // Filled in by parsing.
  ClientFlags flags;
  std::string format = "text";    // "text" or "json".
  std::function<ExitCode()> run;  // The chosen command.
  bool needs_server = true;       // False: `client` is not resolved, so that nothing about the server can fail.

  // Resolved before `run`, when needs_server.
  ClientOptions client;

  bool json() const { return format == "json"; }
};

// Prints why a command failed and returns its exit code (ExitCodeFor).
ExitCode Fail(const absl::Status& status);

// `name_space` as people should read it.
std::string ShownNamespace(const std::string& name_space);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_SESSION_H_

#include "cli/session.h"

#include "cli/rpc_client.h"
#include "cli/terminal.h"

namespace paracle::cli {

ExitCode Fail(const absl::Status& status) {
  WriteError(status.message());
  return ExitCodeFor(status);
}

std::string ShownNamespace(const std::string& name_space) { return name_space.empty() ? "default" : name_space; }

}  // namespace paracle::cli

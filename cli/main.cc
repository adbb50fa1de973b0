// paracle: Paracle Cache from the command line.
#include <cstdlib>
#include <exception>

#include "absl/strings/str_cat.h"
#include "cli/app.h"
#include "cli/terminal.h"

int main(int argc, char** argv) {
  paracle::cli::ReserveStandardStreams();
  // gRPC logs to stderr on its own account; what matters reaches the user as our message.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  try {
    return static_cast<int>(paracle::cli::RunApp(argc, argv));
  } catch (const std::exception& error) {
    paracle::cli::WriteError(absl::StrCat("this is a bug: ", error.what()));
    return static_cast<int>(paracle::cli::ExitCode::kUsage);
  }
}

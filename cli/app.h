// The command line as a whole: the tree of commands, the flags that all of them take, help, and what is said about a
// line that cannot be understood.
#ifndef PARACLE_CLI_APP_H_
#define PARACLE_CLI_APP_H_

#include <memory>

#include "cli/session.h"

namespace CLI {
class App;
}

namespace paracle::cli {

// `session` must outlive the App.
std::unique_ptr<CLI::App> BuildApp(Session& session);

// Parses and runs one command line; the exit code. Prints whatever there is to print.
ExitCode RunApp(int argc, const char* const* argv);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_APP_H_

// The commands of `paracle cache`. Each function adds one to `cache`, examples included; when the user chose it,
// parsing sets session.run. `session` must outlive the App.
#ifndef PARACLE_CLI_COMMANDS_H_
#define PARACLE_CLI_COMMANDS_H_

#include "cli/session.h"

namespace CLI {
class App;
}

namespace paracle::cli {

void AddStatsCommand(CLI::App& cache, Session& session);
void AddTopCommand(CLI::App& cache, Session& session);
void AddClearCommand(CLI::App& cache, Session& session);
void AddConfigCommand(CLI::App& cache, Session& session);
void AddBenchmarkCommand(CLI::App& cache, Session& session);
void AddHealthCommand(CLI::App& cache, Session& session);
void AddGetCommand(CLI::App& cache, Session& session);
void AddSetCommand(CLI::App& cache, Session& session);
void AddInvalidateCommand(CLI::App& cache, Session& session);
void AddKeyCommand(CLI::App& cache, Session& session);
void AddTokenCommand(CLI::App& cache, Session& session);
void AddCompletionCommand(CLI::App& cache, Session& session);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_COMMANDS_H_

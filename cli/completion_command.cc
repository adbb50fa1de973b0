// paracle cache completion: what a shell needs to complete our commands.
#include <CLI/CLI.hpp>

#include "absl/strings/str_join.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/flag_binding.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

struct CompletionFlags {
  std::string shell;
  const CLI::App* root = nullptr;
};

ExitCode RunCompletion(Session&, const CompletionFlags& flags) {
  const absl::StatusOr<std::string> script = CompletionScript(*flags.root, flags.shell);
  if (!script.ok()) return Fail(script.status());
  WriteData(*script);
  return ExitCode::kOk;
}

}  // namespace

void AddCompletionCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("completion", "Print a completion script for a shell");
  CompletionFlags& flags = OnCommand<CompletionFlags>(command, session, RunCompletion);
  flags.root = cache.get_parent();
  command.preparse_callback([&session](size_t) { session.needs_server = false; });
  command.add_option("shell", flags.shell, "The shell")->type_name(absl::StrJoin(CompletionShells(), "|"))->required();
  command.footer(
      "Examples:\n"
      "  source <(paracle cache completion bash)\n"
      "  paracle cache completion zsh > \"${fpath[1]}/_paracle\"\n"
      "  paracle cache completion fish > ~/.config/fish/completions/paracle.fish");
}

}  // namespace paracle::cli

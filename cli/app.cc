#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/help_format.h"
#include "cli/interrupt.h"
#include "cli/suggest.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

void AddClientFlags(CLI::App& root, ClientFlags& flags) {
  root.add_option("--endpoint", flags.endpoints,
                  "host:port, unix:/path or dns:///host:port (localhost:50051, $PARACLE_CACHE_ENDPOINT)")
      ->type_name("SERVER")
      ->take_all()
      ->allow_extra_args(false);
  root.add_option("--namespace", flags.name_space, "Partition of the cache ($PARACLE_CACHE_NAMESPACE)")
      ->type_name("NAME");
  root.add_option("--cacert", flags.cacert, "Use TLS; the server's CA, PEM ($PARACLE_CACHE_CACERT)")->type_name("FILE");
  root.add_option("--cert", flags.cert, "Use TLS; our certificate, PEM ($PARACLE_CACHE_CERT)")->type_name("FILE");
  root.add_option("--key", flags.key, "Private key of --cert, PEM ($PARACLE_CACHE_KEY)")->type_name("FILE");
  root.add_option("--token-file", flags.token_file, "File with the bearer token (or $PARACLE_CACHE_TOKEN itself)")
      ->type_name("FILE");
  root.add_option("--timeout", flags.timeout, "Of connecting and of any one call (0.5, $PARACLE_CACHE_TIMEOUT)")
      ->type_name("SECONDS");
}

void AddFormatFlag(CLI::App& root, Session& session) {
  root.add_option_function<std::string>(
          "--format",
          [&session](const std::string& format) {
            if (format != "text" && format != "json") {
              throw CLI::ValidationError("--format", absl::StrCat("\"", format, "\" is not text or json"));
            }
            session.format = format;
          },
          "How results are printed (text)")
      ->type_name("text|json");
}

// The deepest command that was understood.
const CLI::App& Chosen(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : Chosen(*parsed.front());
}

std::string PathOf(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : absl::StrCat(PathOf(*app.get_parent()), " ", app.get_name());
}

// Every flag accepted at `app`, its parents' included.
std::vector<std::string> FlagsAt(const CLI::App* app) {
  std::vector<std::string> flags;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
  }
  return flags;
}

std::vector<std::string> CommandsAt(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(child->get_name());
  }
  return names;
}

std::string DidYouMean(const std::string& prefix, const std::optional<std::string>& nearest) {
  return nearest ? absl::StrCat("; did you mean \"", prefix, *nearest, "\"?") : "";
}

// About a word on the command line that nothing accepts.
std::string UnknownWord(const CLI::App& root, const CLI::App& chosen, const std::string& word) {
  if (absl::StartsWith(word, "-")) {
    const std::string flag = word.substr(0, word.find('='));
    const std::vector<std::string> flags = FlagsAt(&chosen);
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) {
      return absl::StrCat(flag, " goes after the command: `", PathOf(chosen), " ", word, "`");
    }
    return absl::StrCat("unknown option ", flag, " of `", PathOf(chosen), "`", DidYouMean("", Suggest(flag, flags)));
  }
  const std::vector<std::string> commands = CommandsAt(chosen);
  if (commands.empty()) return absl::StrCat("`", PathOf(chosen), "` does not take \"", word, "\"");
  std::string hint = DidYouMean("", word == "help" ? "--help" : Suggest(word, commands));
  if (hint.empty() && &chosen == &root) {  // The word before the command was forgotten.
    hint = DidYouMean("cache ", Suggest(word, CommandsAt(*root.get_subcommand("cache"))));
  }
  return absl::StrCat("unknown command \"", word, "\" of `", PathOf(chosen), "`", hint);
}

std::string Explanation(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& chosen = Chosen(root);
  const std::vector<std::string> unknown = root.remaining(/*recurse=*/true);
  if (!unknown.empty()) return UnknownWord(root, chosen, unknown.front());
  const std::string what = error.what();
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ArgumentMismatch:
      return absl::StrCat(what.substr(0, what.find(':')), " needs a value");
    case CLI::ExitCodes::RequiredError:
      return CommandsAt(chosen).empty() ? what : absl::StrCat("`", PathOf(chosen), "` needs a command");
    default:
      return what;
  }
}

ExitCode Refuse(const CLI::App& root, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // Help or version was asked for.
    const bool is_version = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
    WriteData(is_version ? absl::StrCat(error.what(), "\n") : Chosen(root).help());
    return ExitCode::kOk;
  }
  WriteError(Explanation(root, error));
  WriteMessage(absl::StrCat("Try `", PathOf(Chosen(root)), " --help`."));
  return ExitCode::kUsage;
}

}  // namespace

std::unique_ptr<CLI::App> BuildApp(Session& session) {
  auto root = std::make_unique<CLI::App>("Paracle Cache remembers what language models answered.", "paracle");
  root->formatter(std::make_shared<HelpFormat>());
  root->set_help_flag("-h,--help", "Print this and exit");
  root->set_version_flag("--version", PARACLE_VERSION, "Print the version and exit");
  root->option_defaults()->take_last();
  root->fallthrough();
  root->require_subcommand(1);
  AddClientFlags(*root, session.flags);
  AddFormatFlag(*root, session);
  root->footer("Examples:\n  paracle cache health\n  paracle cache --help");

  CLI::App& cache = *root->add_subcommand("cache", "Use, inspect and measure a cache");
  cache.group("Commands");
  cache.require_subcommand(1);
  AddStatsCommand(cache, session);
  AddTopCommand(cache, session);
  AddClearCommand(cache, session);
  AddConfigCommand(cache, session);
  AddBenchmarkCommand(cache, session);
  AddHealthCommand(cache, session);
  AddGetCommand(cache, session);
  AddSetCommand(cache, session);
  AddInvalidateCommand(cache, session);
  AddKeyCommand(cache, session);
  AddTokenCommand(cache, session);
  AddCompletionCommand(cache, session);
  for (CLI::App* command : cache.get_subcommands([](CLI::App*) { return true; })) command->group("Commands");
  cache.footer(
      "Exit codes: 0 ok, 1 usage, 2 cannot connect, 3 RPC failed, 4 unhealthy, 5 not confirmed, 6 miss,\n"
      "99 benchmark threshold missed, 130 interrupted.\n"
      "Examples:\n"
      "  paracle cache stats\n"
      "  paracle cache health --endpoint unix:/run/paracle.sock\n"
      "  paracle cache get --help");
  return root;
}

ExitCode RunApp(int argc, const char* const* argv) {
  ExitOnInterrupt();
  Session session;
  const std::unique_ptr<CLI::App> root = BuildApp(session);
  try {
    root->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Refuse(*root, error);
  }
  if (session.needs_server) {
    absl::StatusOr<ClientOptions> options =
        ResolveClientOptions(session.flags, [](const char* name) { return std::getenv(name); });
    if (!options.ok()) return Fail(options.status());
    session.client = *std::move(options);
  }
  return session.run();
}

}  // namespace paracle::cli

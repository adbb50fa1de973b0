#include "service/command_line.h"

#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "service/version.h"

namespace paracle::service {
namespace {

constexpr char kAbout[] = "Paracle Cache: a gRPC service that remembers what language models answered.";
constexpr char kFooter[] =
    "Every flag is an environment variable too: --max-size is PARACLE_CACHE_MAX_SIZE. In a file\n"
    "(--config) it is max-size = VALUE. A flag wins over the environment, the environment over the file.\n"
    "\n"
    "Examples:\n"
    "  paracle-cache-server\n"
    "  paracle-cache-server --listen 127.0.0.1:50051,unix:/run/paracle.sock --max-bytes 1GiB --max-size 0\n"
    "  paracle-cache-server --print-config\n";

std::string HelpOf(const SettingSpec& spec) {
  return absl::StrCat(spec.help, spec.default_value.empty() ? "" : absl::StrCat(" [", spec.default_value, "]"));
}

bool IsSwitch(const SettingSpec& spec) { return spec.accepts == SettingTable()[0].accepts; }

std::string OneLine(const CLI::ParseError& error) {
  std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app{kAbout, "paracle-cache-server"};
  app.footer(kFooter);
  app.set_help_flag("-h,--help", "print this help and exit");
  bool print_version = false;
  bool print_config = false;
  app.add_flag("--version", print_version, "print the version and exit");
  app.add_flag("--print-config", print_config, "print every setting with its source and exit");

  const absl::Span<const SettingSpec> table = SettingTable();
  std::vector<std::string> values(table.size());
  std::vector<CLI::Option*> options;
  for (size_t i = 0; i < table.size(); ++i) {
    CLI::Option* option = app.add_option(FlagName(table[i]), values[i], HelpOf(table[i]));
    option->type_name(IsSwitch(table[i]) ? "BOOL" : "VALUE");
    option->take_last();
    if (IsSwitch(table[i])) option->expected(0, 1);
    options.push_back(option);
  }

  CommandLine command_line;
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return CommandLine{CommandLine::Action::kPrintText, app.help(), {}};
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(absl::StrCat(OneLine(error), " (--help lists what is accepted)"));
  }
  if (print_version) {
    return CommandLine{CommandLine::Action::kPrintText, absl::StrCat("paracle-cache-server ", Version(), "\n"), {}};
  }
  if (print_config) command_line.action = CommandLine::Action::kPrintConfig;
  for (size_t i = 0; i < table.size(); ++i) {
    if (options[i]->count() == 0) continue;
    const bool bare = values[i].empty() && IsSwitch(table[i]);
    command_line.flags.push_back({&table[i], bare ? "true" : values[i]});
  }
  return command_line;
}

}  // namespace paracle::service

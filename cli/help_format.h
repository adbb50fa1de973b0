// Help for one command: what it does, how it is used, its own flags, the flags that all commands take, examples.
#ifndef PARACLE_CLI_HELP_FORMAT_H_
#define PARACLE_CLI_HELP_FORMAT_H_

#include <CLI/CLI.hpp>
#include <string>

namespace paracle::cli {

class HelpFormat final : public CLI::Formatter {
 public:
  HelpFormat();

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
};

}  // namespace paracle::cli

#endif  // PARACLE_CLI_HELP_FORMAT_H_

// Binds a flag to a variable through a parser that returns absl::StatusOr, so that messages are ours: "--ttl: "abc" is
// not a positive duration; write ...".
#ifndef PARACLE_CLI_FLAG_BINDING_H_
#define PARACLE_CLI_FLAG_BINDING_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "cli/session.h"

namespace paracle::cli {

// The value of `names` ("-c,--concurrency") is read by `parse(text)` and handed to `take`. `type` is what help shows
// and what completion goes by: FILE completes files, "a|b" completes a and b.
template <typename Parse, typename Take>
CLI::Option* AddParsed(CLI::App& app, const std::string& names, const std::string& type, const std::string& description,
                       Parse parse, Take take) {
  const std::string flag = names.substr(names.rfind("--"));
  return app
      .add_option_function<std::string>(
          names,
          [flag, parse, take](const std::string& text) {
            auto value = parse(text);
            if (!value.ok()) throw CLI::ValidationError(flag, std::string(value.status().message()));
            take(*std::move(value));
          },
          description)
      ->type_name(type);
}

// Adds a command whose flags live in `Flags` until its run is over. Bind them with the returned reference.
template <typename Flags, typename Run>
Flags& OnCommand(CLI::App& command, Session& session, Run run) {
  auto flags = std::make_shared<Flags>();
  command.callback([flags, run, &session] { session.run = [flags, run, &session] { return run(session, *flags); }; });
  return *flags;
}

}  // namespace paracle::cli

#endif  // PARACLE_CLI_FLAG_BINDING_H_

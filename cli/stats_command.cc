// paracle cache stats: what the cache did and saved.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/rpc_client.h"
#include "cli/stats_format.h"
#include "cli/terminal.h"
#include "cli/value_parse.h"

namespace paracle::cli {
namespace {

struct StatsFlags {
  std::optional<absl::Duration> watch;
  bool replica_only = false;
};

constexpr char kClearScreen[] = "\033[H\033[2J\033[3J";

std::string Render(const Session& session, const pb::GetStatsResponse& response, bool watching) {
  if (session.json()) return Dump(StatsJson(response), /*compact=*/watching);
  if (!watching) return StatsText(response);
  const std::string heading = absl::StrCat(session.client.endpoint, "  ",
                                           Rfc3339(absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()))), "\n");
  return absl::StrCat(StdoutCanRedraw() ? kClearScreen : "", heading, StatsText(response),
                      StdoutCanRedraw() ? "\nCtrl-C ends.\n" : "\n");
}

ExitCode RunStats(Session& session, const StatsFlags& flags) {
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  pb::GetStatsRequest request;
  request.set_namespace_(session.client.name_space);
  request.set_replica_only(flags.replica_only);
  while (true) {
    const absl::StatusOr<pb::GetStatsResponse> response = (*client)->GetStats(request);
    if (!response.ok()) {
      if (!flags.watch || !MayComeBack(response.status())) return Fail(response.status());
      WriteMessage(absl::StrCat("warning: ", absl::string_view(response.status().message()), "; trying again"));
      absl::SleepFor(*flags.watch);
      continue;
    }
    WriteData(Render(session, *response, flags.watch.has_value()));
    if (!flags.watch) return ExitCode::kOk;
    absl::SleepFor(*flags.watch);
  }
}

}  // namespace

void AddStatsCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("stats", "Show hits, misses and what they saved");
  StatsFlags& flags = OnCommand<StatsFlags>(command, session, RunStats);
  AddParsed(
      command, "--watch", "SECONDS", "Show them again every so often (1 second unless told) until Ctrl-C",
      [](const std::string& text) { return ParseDuration(text.empty() ? "1" : text, absl::Seconds(1)); },
      [&flags](absl::Duration interval) { flags.watch = interval; })
      ->expected(0, 1);
  command.add_flag("--replica", flags.replica_only, "Only the server that answers, not all that share a tier");
  command.footer(
      "Examples:\n"
      "  paracle cache stats\n"
      "  paracle cache stats --watch=5 --namespace team-a\n"
      "  paracle cache stats --format json | jq .hit_rate");
}

}  // namespace paracle::cli

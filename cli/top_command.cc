// paracle cache top: what a server does, again and again.
//
// All of it comes from GetStats: whoever can call the server at all can watch it, through TLS and with a token, without
// a way to its metrics.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "cli/top_view.h"
#include "cli/value_parse.h"

namespace paracle::cli {
namespace {

struct TopFlags {
  absl::Duration interval = absl::Seconds(1);
  std::optional<int64_t> count;
  bool replica_only = false;
};

constexpr char kClearScreen[] = "\033[H\033[2J\033[3J";

std::string Render(const Session& session, const TopView& view) {
  if (session.json()) return Dump(TopJson(view), /*compact=*/true);
  if (!StdoutCanRedraw()) return TopLine(view);
  return absl::StrCat(kClearScreen, TopScreen(view, session.client.endpoint), "\nCtrl-C ends.\n");
}

struct Sample {
  pb::GetStatsResponse stats;
  absl::Time taken;
};

ExitCode RunTop(Session& session, const TopFlags& flags) {
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  pb::GetStatsRequest request;
  request.set_namespace_(session.client.name_space);
  request.set_replica_only(flags.replica_only);
  std::optional<Sample> before;
  for (int64_t shown = 0; !flags.count || shown < *flags.count;) {
    absl::StatusOr<pb::GetStatsResponse> stats = (*client)->GetStats(request);
    if (stats.ok()) {
      Sample now{*std::move(stats), absl::Now()};
      if (before && now.taken > before->taken) {
        WriteData(Render(session, TopView::Between(before->stats, now.stats, now.taken - before->taken, now.taken)));
        ++shown;
      }
      before = std::move(now);
    } else if (before && MayComeBack(stats.status())) {
      WriteMessage(absl::StrCat("warning: ", absl::string_view(stats.status().message()), "; trying again"));
    } else {
      return Fail(stats.status());
    }
    if (!flags.count || shown < *flags.count) absl::SleepFor(flags.interval);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddTopCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("top", "Watch what the server does");
  TopFlags& flags = OnCommand<TopFlags>(command, session, RunTop);
  AddParsed(
      command, "--interval", "SECONDS", "Between two looks (1)",
      [](const std::string& text) { return ParseDuration(text, absl::Seconds(1)); },
      [&flags](absl::Duration interval) { flags.interval = interval; });
  AddParsed(
      command, "-n,--count", "N", "Looks until it ends; without it, until Ctrl-C",
      [](const std::string& text) { return ParseWhole(text, 1, 1'000'000'000); },
      [&flags](int64_t count) { flags.count = count; });
  command.add_flag("--replica", flags.replica_only, "Only the server that answers, not all that share a tier");
  command.footer(
      "Redraws a terminal; elsewhere it prints a line for each look. Latencies and leases are those of the server "
      "that\n"
      "answers, latencies only while it serves metrics (PARACLE_CACHE_ADMIN_LISTEN).\n"
      "Examples:\n"
      "  paracle cache top\n"
      "  paracle cache top --interval 10 --count 6 --namespace team-a\n"
      "  paracle cache top --format json | jq --unbuffered .hit_rate");
}

}  // namespace paracle::cli

// paracle cache clear: forget every answer of one namespace.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

struct ClearFlags {
  bool yes = false;
};

// OK: go on. The error that counting met, so that nobody confirms what cannot be done. CANCELLED: not confirmed.
absl::Status AskFirst(const Session& session, RpcClient& client) {
  if (!StdinIsTerminal()) {
    return absl::CancelledError("clear was not confirmed, nothing was removed; give --yes when there is no terminal");
  }
  pb::InvalidateRequest count;
  count.set_namespace_(session.client.name_space);
  count.set_everything(true);
  count.set_dry_run(true);
  const absl::StatusOr<pb::InvalidateResponse> counted = client.Invalidate(count);
  if (!counted.ok()) return counted.status();
  const bool confirmed = Confirm(absl::StrCat("Remove ", CountedEntries(counted->removed_count(), counted->estimated()),
                                              " of namespace \"", ShownNamespace(session.client.name_space), "\" at ",
                                              session.client.endpoint, "?"));
  return confirmed ? absl::OkStatus() : absl::CancelledError("clear was not confirmed, nothing was removed");
}

ExitCode RunClear(Session& session, const ClearFlags& flags) {
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  if (!flags.yes) {
    const absl::Status asked = AskFirst(session, **client);
    if (absl::IsCancelled(asked) && ExitCodeFor(asked) == ExitCode::kUsage) {
      WriteError(asked.message());
      return ExitCode::kNotConfirmed;
    }
    if (!asked.ok()) return Fail(asked);
  }
  pb::ClearRequest request;
  request.set_namespace_(session.client.name_space);
  const absl::StatusOr<pb::ClearResponse> response = (*client)->Clear(request);
  if (!response.ok()) return Fail(response.status());
  const std::string name = ShownNamespace(session.client.name_space);
  if (session.json()) {
    WriteData(Dump(
        {{"namespace", name}, {"removed_count", response->removed_count()}, {"estimated", response->estimated()}}));
  } else {
    WriteData(absl::StrCat("Removed ", CountedEntries(response->removed_count(), response->estimated()),
                           " of namespace \"", name, "\"\n"));
  }
  return ExitCode::kOk;
}

}  // namespace

void AddClearCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("clear", "Forget every answer of a namespace");
  ClearFlags& flags = OnCommand<ClearFlags>(command, session, RunClear);
  command.add_flag("-y,--yes", flags.yes, "Do not ask; needed where there is no terminal");
  command.footer(
      "Examples:\n"
      "  paracle cache clear\n"
      "  paracle cache clear --namespace team-a --yes");
}

}  // namespace paracle::cli

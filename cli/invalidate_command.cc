// paracle cache invalidate: forget one answer, those with a tag, or those of a model.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/entry_flags.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

struct InvalidateFlags {
  EntryFlags entry;
  std::optional<std::string> tag;
  std::optional<std::string> model;
  bool dry_run = false;
};

absl::StatusOr<pb::InvalidateRequest> BuildRequest(const Session& session, const InvalidateFlags& flags) {
  if (flags.entry.any() + flags.tag.has_value() + flags.model.has_value() != 1) {
    return absl::InvalidArgumentError(
        "what to invalidate? give exactly one of --request FILE --provider P --endpoint PATH, --document FILE, "
        "--digest HEX, --tag TAG, --model NAME; `paracle cache clear` forgets everything");
  }
  pb::InvalidateRequest request;
  request.set_namespace_(session.client.name_space);
  request.set_dry_run(flags.dry_run);
  if (flags.tag) {
    request.set_tag(*flags.tag);
  } else if (flags.model) {
    request.set_model(*flags.model);
  } else {
    const absl::StatusOr<cachecore::DerivedKey> key = ResolveEntry(flags.entry, session.flags.endpoints);
    if (!key.ok()) return key.status();
    request.set_digest(std::string(key->digest.AsBytes()));
  }
  return request;
}

ExitCode RunInvalidate(Session& session, const InvalidateFlags& flags) {
  const absl::StatusOr<pb::InvalidateRequest> request = BuildRequest(session, flags);
  if (!request.ok()) return Fail(request.status());
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<pb::InvalidateResponse> response = (*client)->Invalidate(*request);
  if (!response.ok()) return Fail(response.status());
  if (session.json()) {
    WriteData(Dump({{"namespace", ShownNamespace(session.client.name_space)},
                    {"removed_count", response->removed_count()},
                    {"estimated", response->estimated()},
                    {"dry_run", flags.dry_run}}));
  } else {
    WriteData(absl::StrCat(flags.dry_run ? "Would remove " : "Removed ",
                           CountedEntries(response->removed_count(), response->estimated()), " of namespace \"",
                           ShownNamespace(session.client.name_space), "\"\n"));
  }
  return ExitCode::kOk;
}

}  // namespace

void AddInvalidateCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("invalidate", "Forget one answer, or all with a tag or of a model");
  InvalidateFlags& flags = OnCommand<InvalidateFlags>(command, session, RunInvalidate);
  AddEntryFlags(command, flags.entry);
  AddDigestFlag(command, flags.entry);
  command.add_option("--tag", flags.tag, "Everything stored with this tag")->type_name("TAG");
  command.add_option("--model", flags.model, "Everything stored for this model")->type_name("NAME");
  command.add_flag("--dry-run", flags.dry_run, "Only count what would go");
  command.footer(
      "Examples:\n"
      "  paracle cache invalidate --tag nightly --dry-run\n"
      "  paracle cache invalidate --model gpt-4 --namespace team-a\n"
      "  paracle cache invalidate --request body.json --provider openai --endpoint /v1/chat/completions");
}

}  // namespace paracle::cli

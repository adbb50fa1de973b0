// paracle cache key: the digest of a question. Needs no server.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/entry_flags.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

struct KeyFlags {
  EntryFlags entry;
  bool explain = false;
};

void Print(const Session& session, const cachecore::DerivedKey& key, bool explain) {
  if (session.json()) {
    nlohmann::ordered_json json = {{"digest", key.digest.ToHex()}, {"provider", key.provider}, {"model", key.model}};
    if (explain) {
      json["canonical"] = key.canonical;
      json["dropped"] = key.dropped;
    }
    WriteData(Dump(json));
    return;
  }
  WriteData(absl::StrCat(key.digest.ToHex(), "\n"));
  if (!explain) return;
  WriteData(absl::StrCat("canonical: ", key.canonical, "\n"));
  for (const std::string& dropped : key.dropped) WriteData(absl::StrCat("dropped: ", dropped, "\n"));
  if (key.dropped.empty()) WriteData("dropped: nothing\n");
}

ExitCode RunKey(Session& session, const KeyFlags& flags) {
  const absl::StatusOr<cachecore::DerivedKey> key = ResolveEntry(flags.entry, session.flags.endpoints);
  if (!key.ok()) return Fail(key.status());
  Print(session, *key, flags.explain);
  return ExitCode::kOk;
}

}  // namespace

void AddKeyCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("key", "Print the digest of a question, without asking a server");
  KeyFlags& flags = OnCommand<KeyFlags>(command, session, RunKey);
  command.preparse_callback([&session](size_t) { session.needs_server = false; });
  AddEntryFlags(command, flags.entry);
  command.add_flag("--explain", flags.explain,
                   "Also print the canonical text (it holds the prompt) and what was dropped");
  command.footer(
      "Examples:\n"
      "  paracle cache key --request body.json --provider openai --endpoint /v1/chat/completions\n"
      "  paracle cache key --document key.json --explain\n"
      "  echo '{\"provider\":\"openai\",\"v\":1}' | paracle cache key --document -");
}

}  // namespace paracle::cli

// paracle cache get: the stored answer of one question, its payload alone on stdout.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/entry_flags.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* TierName(pb::Tier tier) {
  if (tier == pb::TIER_MEMORY) return "memory";
  return tier == pb::TIER_SHARED ? "shared" : "unknown";
}

std::string FactsText(const std::string& digest, const pb::Hit& hit) {
  const pb::Origin& origin = hit.origin();
  std::string facts = absl::StrCat("hit: ", digest, "\n  payload: ", hit.payload().size(), " bytes",
                                   hit.content_type().empty() ? "" : absl::StrCat(", ", hit.content_type()),
                                   "\n  tier: ", TierName(hit.tier()), ", hits: ", hit.hit_count(),
                                   "\n  created: ", Rfc3339(ToTime(hit.create_time())),
                                   "\n  expires: ", Rfc3339(ToTime(hit.expire_time())));
  if (hit.degraded()) absl::StrAppend(&facts, "\n  degraded: the shared tier could not be asked");
  if (!hit.has_origin()) return facts;
  absl::StrAppend(&facts, "\n  original call: ", origin.prompt_tokens(), "+", origin.completion_tokens(), " tokens");
  if (origin.cost_usd() > 0) absl::StrAppendFormat(&facts, ", $%.4f", origin.cost_usd());
  if (origin.has_latency()) {
    absl::StrAppend(&facts, ", ",
                    absl::FormatDuration(absl::Trunc(ToDuration(origin.latency()), absl::Microseconds(1))));
  }
  return facts;
}

// The service keeps single-precision seconds: what is finer than a microsecond is noise.
double RoundedMilliseconds(const google::protobuf::Duration& duration) {
  const absl::Duration rounded = absl::Trunc(ToDuration(duration) + absl::Nanoseconds(500), absl::Microseconds(1));
  return absl::ToDoubleMilliseconds(rounded);
}

Json OriginJson(const pb::Hit& hit) {
  if (!hit.has_origin()) return nullptr;
  const pb::Origin& origin = hit.origin();
  Json json = {{"prompt_tokens", origin.prompt_tokens()},
               {"completion_tokens", origin.completion_tokens()},
               {"cost_usd", origin.cost_usd()}};
  json["latency_ms"] = origin.has_latency() ? Json(RoundedMilliseconds(origin.latency())) : Json(nullptr);
  return json;
}

// JSON has no bytes: text as it is, anything else in base64 under another name.
void AddPayload(const std::string& payload, Json& json) {
  json["payload_bytes"] = payload.size();
  const Json text = payload;
  try {
    (void)text.dump();
    json["payload"] = text;
  } catch (const Json::type_error&) {
    json["payload_base64"] = absl::Base64Escape(payload);
  }
}

std::string HitJson(const std::string& name_space, const std::string& digest, const pb::Hit& hit) {
  Json json = {{"outcome", "hit"}, {"namespace", name_space}, {"digest", digest}};
  json["content_type"] = hit.content_type();
  json["tier"] = TierName(hit.tier());
  json["hit_count"] = hit.hit_count();
  json["create_time"] = Rfc3339(ToTime(hit.create_time()));
  json["expire_time"] = Rfc3339(ToTime(hit.expire_time()));
  json["degraded"] = hit.degraded();
  json["origin"] = OriginJson(hit);
  AddPayload(hit.payload(), json);
  return Dump(json);
}

ExitCode PrintMiss(const Session& session, const std::string& digest) {
  const std::string name = ShownNamespace(session.client.name_space);
  if (session.json()) {
    WriteData(Dump({{"outcome", "miss"}, {"namespace", name}, {"digest", digest}}));
  } else {
    WriteMessage(absl::StrCat("miss: ", digest, " is not in namespace \"", name, "\""));
  }
  return ExitCode::kMiss;
}

ExitCode RunGet(Session& session, const EntryFlags& flags) {
  const absl::StatusOr<cachecore::DerivedKey> key = ResolveEntry(flags, session.flags.endpoints);
  if (!key.ok()) return Fail(key.status());
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  pb::GetRequest request;
  request.mutable_entry()->set_namespace_(session.client.name_space);
  request.mutable_entry()->set_digest(std::string(key->digest.AsBytes()));
  request.mutable_entry()->set_provider(key->provider);
  request.mutable_entry()->set_model(key->model);
  const absl::StatusOr<pb::GetResponse> response = (*client)->Get(request);
  if (!response.ok()) return Fail(response.status());
  const std::string digest = key->digest.ToHex();
  if (!response->has_hit()) return PrintMiss(session, digest);
  if (session.json()) {
    WriteData(HitJson(ShownNamespace(session.client.name_space), digest, response->hit()));
    return ExitCode::kOk;
  }
  WriteData(response->hit().payload());
  if (StdoutIsTerminal() && StderrIsTerminal()) WriteMessage("");  // The payload need not end with a newline.
  WriteMessage(FactsText(digest, response->hit()));
  return ExitCode::kOk;
}

}  // namespace

void AddGetCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("get", "Print the stored answer of a question");
  EntryFlags& flags = OnCommand<EntryFlags>(command, session, RunGet);
  AddEntryFlags(command, flags);
  AddDigestFlag(command, flags);
  AddLedgerModelFlag(command, flags);
  command.footer(
      "The payload alone goes to stdout, facts about it to stderr. Exit code 6: a miss.\n"
      "Examples:\n"
      "  paracle cache get --request body.json --provider openai --endpoint /v1/chat/completions > answer.json\n"
      "  paracle cache get --document key.json --format json\n"
      "  paracle cache get --digest \"$(paracle cache key --document key.json)\"");
}

}  // namespace paracle::cli

// paracle cache set: store the answer of one question.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/entry_flags.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/read_input.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "cli/value_parse.h"

namespace paracle::cli {
namespace {

struct SetFlags {
  EntryFlags entry;
  std::string payload;
  pb::SetRequest request;  // What flags say of it; the rest is filled in when it is run.
};

bool ReadsStdinTwice(const SetFlags& flags) {
  return flags.payload == "-" && (flags.entry.request == "-" || flags.entry.document == "-");
}

absl::StatusOr<pb::SetRequest> BuildRequest(const Session& session, const SetFlags& flags) {
  if (ReadsStdinTwice(flags)) {
    return absl::InvalidArgumentError("standard input holds either the question or the --payload; give one as a file");
  }
  const absl::StatusOr<cachecore::DerivedKey> key = ResolveEntry(flags.entry, session.flags.endpoints);
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> payload = ReadInput("--payload", flags.payload);
  if (!payload.ok()) return payload.status();
  if (payload->empty()) WriteMessage("note: the payload is empty; an empty answer is stored");
  pb::SetRequest request = flags.request;
  request.mutable_entry()->set_namespace_(session.client.name_space);
  request.mutable_entry()->set_digest(std::string(key->digest.AsBytes()));
  request.mutable_entry()->set_provider(key->provider);
  request.mutable_entry()->set_model(key->model);
  request.set_payload(*std::move(payload));
  return request;
}

void PrintText(const std::string& digest, const pb::SetRequest& request, const pb::SetResponse& response) {
  if (response.stored_in().empty()) {
    WriteMessage(
        "warning: accepted but not kept: the cache is switched off, or the entry is over the memory tier's limits");
    return;
  }
  WriteData(absl::StrCat("Stored ", request.payload().size(), " bytes as ", digest, " until ",
                         Rfc3339(ToTime(response.expire_time())), "\n"));
}

void PrintJson(const Session& session, const std::string& digest, const pb::SetRequest& request,
               const pb::SetResponse& response) {
  using Json = nlohmann::ordered_json;
  Json json = {{"namespace", ShownNamespace(session.client.name_space)},
               {"digest", digest},
               {"payload_bytes", request.payload().size()},
               {"kept", !response.stored_in().empty()}};
  json["expire_time"] = response.has_expire_time() ? Json(Rfc3339(ToTime(response.expire_time()))) : Json(nullptr);
  json["stored_in"] = Json::array();
  for (const int tier : response.stored_in())
    json["stored_in"].push_back(tier == pb::TIER_MEMORY ? "memory" : "shared");
  WriteData(Dump(json));
}

ExitCode RunSet(Session& session, const SetFlags& flags) {
  const absl::StatusOr<pb::SetRequest> request = BuildRequest(session, flags);
  if (!request.ok()) return Fail(request.status());
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<pb::SetResponse> response = (*client)->Set(*request);
  if (!response.ok()) return Fail(response.status());
  const std::string digest = cachecore::Digest::FromBytes(request->entry().digest())->ToHex();
  session.json() ? PrintJson(session, digest, *request, *response) : PrintText(digest, *request, *response);
  return ExitCode::kOk;
}

void AddOriginFlags(CLI::App& command, pb::SetRequest& request) {
  AddParsed(
      command, "--cost", "USD", "What the model call cost: what one hit saves",
      [](const std::string& text) { return ParseNumber(text, 0, 1e9); },
      [&request](double cost) { request.mutable_origin()->set_cost_usd(cost); });
  AddParsed(command, "--tokens", "IN,OUT", "Tokens of the prompt and of the answer", ParseTokens,
            [&request](std::pair<int64_t, int64_t> tokens) {
              request.mutable_origin()->set_prompt_tokens(tokens.first);
              request.mutable_origin()->set_completion_tokens(tokens.second);
            });
  AddParsed(
      command, "--latency", "MS", "How long the model took",
      [](const std::string& text) { return ParseDuration(text, absl::Milliseconds(1)); },
      [&request](absl::Duration latency) { *request.mutable_origin()->mutable_latency() = ToProto(latency); });
}

}  // namespace

void AddSetCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("set", "Store the answer of a question");
  SetFlags& flags = OnCommand<SetFlags>(command, session, RunSet);
  AddEntryFlags(command, flags.entry);
  AddDigestFlag(command, flags.entry);
  AddLedgerModelFlag(command, flags.entry);
  command.add_option("--payload", flags.payload, "The answer, byte for byte; - reads standard input")
      ->type_name("FILE")
      ->required();
  command
      .add_option_function<std::string>(
          "--content-type", [&flags](const std::string& type) { flags.request.set_content_type(type); },
          "Media type of the payload")
      ->type_name("TYPE");
  AddParsed(
      command, "--ttl", "SECONDS", "Life of the entry; the server's default unless told",
      [](const std::string& text) { return ParseDuration(text, absl::Seconds(1)); },
      [&flags](absl::Duration ttl) { *flags.request.mutable_ttl() = ToProto(ttl); });
  command
      .add_option_function<std::vector<std::string>>(
          "--tag",
          [&flags](const std::vector<std::string>& tags) {
            *flags.request.mutable_tags() = {tags.begin(), tags.end()};
          },
          "Label to invalidate by; may be given 16 times")
      ->type_name("TAG")
      ->take_all()
      ->allow_extra_args(false);
  AddOriginFlags(command, flags.request);
  command.footer(
      "Examples:\n"
      "  paracle cache set --request body.json --provider openai --endpoint /v1/chat/completions \\\n"
      "      --payload answer.json --content-type application/json --cost 0.0012 --tokens 120,48 --latency 850\n"
      "  curl -s $URL | paracle cache set --document key.json --payload - --ttl 3600 --tag nightly");
}

}  // namespace paracle::cli

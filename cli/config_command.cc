// paracle cache config: every setting of the server and of this program, and where it came from.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/commands.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ConfigFlags {};

const char* OriginName(pb::Setting::Source source) {
  switch (source) {
    case pb::Setting::SOURCE_DEFAULT:
      return "default";
    case pb::Setting::SOURCE_FILE:
      return "file";
    case pb::Setting::SOURCE_ENVIRONMENT:
      return "environment";
    case pb::Setting::SOURCE_FLAG:
      return "flag";
    default:
      return "unknown";
  }
}

// The server's settings in the form of our own.
std::vector<ClientSetting> ServerSettings(const pb::GetConfigResponse& config) {
  std::vector<ClientSetting> settings;
  for (const pb::Setting& setting : config.settings()) {
    settings.push_back({setting.name(), setting.value(), OriginName(setting.source())});
  }
  return settings;
}

std::string Table(const std::vector<ClientSetting>& settings) {
  int name_width = 0, value_width = 0;
  for (const ClientSetting& setting : settings) {
    name_width = std::max(name_width, static_cast<int>(setting.name.size()));
    value_width = std::max(value_width, static_cast<int>(std::min<size_t>(setting.value.size(), 40)));
  }
  std::string table;
  for (const ClientSetting& setting : settings) {
    absl::StrAppendFormat(&table, "  %-*s  %-*s  %s\n", name_width, setting.name, value_width,
                          setting.value.empty() ? "-" : setting.value, setting.origin);
  }
  return table;
}

std::string LimitsText(const pb::Limits& limits) {
  return absl::StrCat("  largest answer         ", HumanBytes(limits.max_entry_bytes()), "\n",           //
                      "  largest request        ", HumanBytes(limits.max_message_bytes()), "\n",         //
                      "  entries of a batch     ", limits.max_batch_entries(), "\n",                     //
                      "  answer of a batch      ", HumanBytes(limits.max_batch_response_bytes()), "\n",  //
                      "  life of an entry       ", absl::FormatDuration(ToDuration(limits.default_ttl())), "\n",
                      "  longest life           ", absl::FormatDuration(ToDuration(limits.max_ttl())), "\n",
                      "  tags of an entry       ", limits.max_tags(), "\n");
}

std::string ConfigText(const Session& session, const pb::GetConfigResponse& config) {
  return absl::StrCat("Server ", session.client.endpoint, ", version ", config.version(), ":\n",
                      Table(ServerSettings(config)), "Limits:\n", LimitsText(config.limits()),
                      "Features: ", config.features().empty() ? "-" : absl::StrJoin(config.features(), ", "),
                      "\nThis program:\n", Table(session.client.settings));
}

Json SettingsJson(const std::vector<ClientSetting>& settings) {
  Json list = Json::array();
  for (const ClientSetting& setting : settings) {
    list.push_back({{"name", setting.name}, {"value", setting.value}, {"origin", setting.origin}});
  }
  return list;
}

Json LimitsJson(const pb::Limits& limits) {
  return {{"max_entry_bytes", limits.max_entry_bytes()},
          {"max_message_bytes", limits.max_message_bytes()},
          {"max_batch_entries", limits.max_batch_entries()},
          {"max_batch_response_bytes", limits.max_batch_response_bytes()},
          {"default_ttl_seconds", absl::ToDoubleSeconds(ToDuration(limits.default_ttl()))},
          {"max_ttl_seconds", absl::ToDoubleSeconds(ToDuration(limits.max_ttl()))},
          {"max_tags", limits.max_tags()}};
}

Json ConfigJson(const Session& session, const pb::GetConfigResponse& config) {
  Json json;
  json["version"] = config.version();
  json["settings"] = SettingsJson(ServerSettings(config));
  json["limits"] = LimitsJson(config.limits());
  json["features"] = std::vector<std::string>(config.features().begin(), config.features().end());
  json["client"] = SettingsJson(session.client.settings);
  return json;
}

ExitCode RunConfig(Session& session, const ConfigFlags&) {
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  const absl::StatusOr<pb::GetConfigResponse> config = (*client)->GetConfig(pb::GetConfigRequest());
  if (!config.ok()) return Fail(config.status());
  WriteData(session.json() ? Dump(ConfigJson(session, *config)) : ConfigText(session, *config));
  return ExitCode::kOk;
}

}  // namespace

void AddConfigCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("config", "Show every setting, its value and where it came from");
  OnCommand<ConfigFlags>(command, session, RunConfig);
  command.footer(
      "Examples:\n"
      "  paracle cache config\n"
      "  paracle cache config --format json | jq -r '.settings[] | select(.origin != \"default\") | .name'");
}

}  // namespace paracle::cli

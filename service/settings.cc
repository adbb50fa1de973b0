#include "service/settings.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cachecore/encryption/key_file.h"

namespace paracle::service {
namespace {

constexpr absl::string_view kConfigFile = "CONFIG";

std::string KebabName(const SettingSpec& spec) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(spec.name, {{"_", "-"}}));
}

const SettingSpec* FindByKey(absl::string_view key) {
  const std::string kebab = absl::StrReplaceAll(absl::AsciiStrToLower(key), {{"_", "-"}});
  for (const SettingSpec& spec : SettingTable()) {
    if (KebabName(spec) == kebab && spec.name != kConfigFile) return &spec;
  }
  return nullptr;
}

std::vector<Setting> Defaults() {
  std::vector<Setting> settings;
  for (const SettingSpec& spec : SettingTable()) {
    settings.push_back({&spec, std::string(spec.default_value), SettingSource::kDefault});
  }
  return settings;
}

Setting& Find(std::vector<Setting>& settings, const SettingSpec* spec) {
  return *std::find_if(settings.begin(), settings.end(), [spec](const Setting& s) { return s.spec == spec; });
}

void ApplyFlags(absl::Span<const FlagValue> flags, std::vector<Setting>& settings) {
  for (const FlagValue& flag : flags) Find(settings, flag.spec) = {flag.spec, flag.value, SettingSource::kFlag};
}

void ApplyEnvironment(Environment environment, std::vector<Setting>& settings) {
  for (Setting& setting : settings) {
    const char* value = environment(setting.VariableName().c_str());
    if (value == nullptr || *value == '\0') continue;
    setting.value = value;
    setting.source = SettingSource::kEnvironment;
  }
}

absl::Status FileError(const std::string& path, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("configuration file ", path, ": ", problem));
}

absl::Status ApplyItem(const std::string& path, const CLI::ConfigItem& item, std::vector<Setting>& settings) {
  const SettingSpec* spec = item.parents.empty() ? FindByKey(item.name) : nullptr;
  if (spec == nullptr) {
    return FileError(path, absl::StrCat("no setting is named \"", item.fullname(),
                                        "\" (names are those of the flags, "
                                        "as max-size; no sections)"));
  }
  std::string value;
  for (const std::string& input : item.inputs) absl::StrAppend(&value, value.empty() ? "" : ",", input);
  Find(settings, spec) = {spec, value, SettingSource::kFile};
  return absl::OkStatus();
}

absl::Status ApplyFile(const std::string& path, std::vector<Setting>& settings) {
  std::ifstream file(path);
  if (!file) return FileError(path, "cannot be read");
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(file);
  } catch (const CLI::Error& error) {
    return FileError(path, error.what());
  }
  for (const CLI::ConfigItem& item : items) {
    // The parser marks the edges of sections with items of these names.
    if (item.name == "++" || item.name == "--") continue;
    if (absl::Status status = ApplyItem(path, item, settings); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status BadValue(const Setting& setting, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(setting.VariableName(), ": \"", setting.DisplayValue(), "\" (",
                                                 SourceName(setting.source), ") ", problem));
}

const Setting& Named(absl::Span<const Setting> settings, absl::string_view name) {
  return *std::find_if(settings.begin(), settings.end(), [name](const Setting& s) { return s.spec->name == name; });
}

// What no single value shows to be wrong.
absl::Status CheckTogether(absl::Span<const Setting> settings, const Config& config) {
  if (config.ttl > config.max_ttl) {
    return BadValue(Named(settings, "TTL"),
                    absl::StrCat("is longer than PARACLE_CACHE_MAX_TTL, ", Named(settings, "MAX_TTL").value));
  }
  if (config.max_entry_bytes > config.max_bytes) {
    return BadValue(Named(settings, "MAX_ENTRY_BYTES"),
                    absl::StrCat("is more than PARACLE_CACHE_MAX_BYTES, ", Named(settings, "MAX_BYTES").value));
  }
  if (config.redis_tls.certificate.empty() != config.redis_tls.key.empty()) {
    const bool has_key = config.redis_tls.certificate.empty();
    return BadValue(Named(settings, has_key ? "REDIS_KEY" : "REDIS_CERT"),
                    absl::StrCat("needs PARACLE_CACHE_REDIS_", has_key ? "CERT" : "KEY", " beside it"));
  }
  if (config.tls.chain.empty() != config.tls.key.empty()) {
    const bool has_key = config.tls.chain.empty();
    return BadValue(Named(settings, has_key ? "TLS_KEY" : "TLS_CERT"),
                    absl::StrCat("needs PARACLE_CACHE_TLS_", has_key ? "CERT" : "KEY", " beside it"));
  }
  if (!config.tls.client_ca.empty() && config.tls.chain.empty()) {
    return BadValue(Named(settings, "TLS_CLIENT_CA"), "needs PARACLE_CACHE_TLS_CERT and _TLS_KEY beside it");
  }
  const bool has_tls_files = !config.redis_tls.ca.empty() || !config.redis_tls.certificate.empty();
  if (config.shared() && has_tls_files && config.redis_url.servers.front().kind != cachecore::redis::Url::Kind::kTls) {
    return BadValue(Named(settings, "REDIS_URL"), "has no TLS, but TLS files are given; want rediss://...");
  }
  for (const ListenAddress& address : config.listen) {
    if (address.IsLoopback() || config.allow_insecure || !config.tls.chain.empty()) continue;
    return BadValue(
        Named(settings, "LISTEN"),
        absl::StrCat("would serve ", address.ToString(), " to other machines ",
                     config.tokens_file.empty() ? "without TLS or authentication" : "with tokens in the clear",
                     "; want PARACLE_CACHE_TLS_CERT and _TLS_KEY, a loopback address or unix:/PATH, or "
                     "--allow-insecure"));
  }
  return absl::OkStatus();
}

// Those of the URL, or those beside it.
absl::Status AddCredentials(absl::Span<const Setting> settings, Config& config) {
  if (config.redis_user.empty() && config.redis_password.empty()) return absl::OkStatus();
  if (config.redis_password.empty()) {
    return BadValue(Named(settings, "REDIS_USER"), "needs PARACLE_CACHE_REDIS_PASSWORD beside it");
  }
  for (cachecore::redis::Url& server : config.redis_url.servers) {
    if (!server.password.empty()) {
      return BadValue(Named(settings, "REDIS_PASSWORD"),
                      "is a second one: PARACLE_CACHE_REDIS_URL has a password, too");
    }
    server.user = config.redis_user;
    server.password = config.redis_password;
  }
  return absl::OkStatus();
}

absl::Status ReadKeys(absl::Span<const Setting> settings, Config& config) {
  if (config.encryption_keys_file.empty()) return absl::OkStatus();
  auto keys = cachecore::encryption::ReadKeyFile(config.encryption_keys_file);
  if (!keys.ok()) return BadValue(Named(settings, "ENCRYPTION_KEYS_FILE"), keys.status().message());
  config.encryption_keys = *std::move(keys);
  return absl::OkStatus();
}

absl::Status ReadNamespaceLimits(absl::Span<const Setting> settings, Config& config) {
  auto rules = LimitRules::Parse(config.namespace_limits_text);
  if (!rules.ok()) return BadValue(Named(settings, "NAMESPACE_LIMITS"), rules.status().message());
  config.namespace_limits = *std::move(rules);
  return absl::OkStatus();
}

// What the server shows its callers, and whom it knows.
absl::Status ReadIdentities(absl::Span<const Setting> settings, Config& config) {
  const cachecore::Clock* const clock = cachecore::Clock::System();
  if (!config.tls.chain.empty()) {
    auto certificates = auth::CertificateStore::Open(config.tls, clock);
    if (!certificates.ok()) return certificates.status();
    config.certificates = *std::move(certificates);
  }
  if (!config.tokens_file.empty()) {
    auto tokens = auth::TokenStore::Open(config.tokens_file);
    if (!tokens.ok()) return BadValue(Named(settings, "TOKENS_FILE"), tokens.status().message());
    config.tokens = *std::move(tokens);
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view SourceName(SettingSource source) {
  switch (source) {
    case SettingSource::kFile:
      return "file";
    case SettingSource::kEnvironment:
      return "environment";
    case SettingSource::kFlag:
      return "flag";
    case SettingSource::kDefault:
      break;
  }
  return "default";
}

std::string VariableName(const SettingSpec& spec) { return absl::StrCat("PARACLE_CACHE_", spec.name); }
std::string FlagName(const SettingSpec& spec) { return absl::StrCat("--", KebabName(spec)); }

std::string Setting::VariableName() const { return service::VariableName(*spec); }

std::string Setting::DisplayValue() const { return spec->secret && source != SettingSource::kDefault ? "***" : value; }

absl::StatusOr<std::vector<Setting>> CollectSettings(absl::Span<const FlagValue> flags, Environment environment) {
  std::vector<Setting> given = Defaults();
  ApplyEnvironment(environment, given);
  ApplyFlags(flags, given);
  const Setting config_file = Named(given, kConfigFile);
  if (config_file.value.empty()) return given;

  std::vector<Setting> settings = Defaults();
  if (absl::Status status = ApplyFile(config_file.value, settings); !status.ok()) return status;
  ApplyEnvironment(environment, settings);
  ApplyFlags(flags, settings);
  return settings;
}

absl::StatusOr<Config> ToConfig(absl::Span<const Setting> settings) {
  Config config;
  for (const Setting& setting : settings) {
    if (!setting.spec->apply(setting.value, config)) {
      return BadValue(setting, absl::StrCat("is not accepted; want ", setting.spec->accepts));
    }
  }
  if (absl::Status status = CheckTogether(settings, config); !status.ok()) return status;
  if (absl::Status status = AddCredentials(settings, config); !status.ok()) return status;
  if (absl::Status status = ReadKeys(settings, config); !status.ok()) return status;
  if (absl::Status status = ReadIdentities(settings, config); !status.ok()) return status;
  if (absl::Status status = ReadNamespaceLimits(settings, config); !status.ok()) return status;
  return config;
}

std::vector<std::string> Warnings(absl::Span<const Setting> settings) {
  std::vector<std::string> warnings;
  if (Named(settings, "BACKEND").value != "memory") return warnings;
  for (const Setting& setting : settings) {
    if (setting.spec->role != SettingSpec::Role::kShared || setting.source == SettingSource::kDefault) continue;
    warnings.push_back(absl::StrCat(setting.VariableName(), " has no effect with backend memory"));
  }
  return warnings;
}

int64_t Config::MaxMessageBytes() const {
  constexpr int64_t kGrpcDefault = 4 << 20;
  constexpr int64_t kAroundThePayload = 64 << 10;
  return std::max(kGrpcDefault, max_entry_bytes + kAroundThePayload);
}

}  // namespace paracle::service

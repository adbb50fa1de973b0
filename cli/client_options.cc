#include "cli/client_options.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/read_input.h"
#include "cli/value_parse.h"

namespace paracle::cli {
namespace {

constexpr char kServerForms[] = "host:port, unix:/path or dns:///host:port";
constexpr char kSecretMask[] = "***";

// host:port with what may stand around the host taken off: "[::1]:5" gives "::1". Empty when there is no port.
absl::string_view HostOf(absl::string_view target) {
  const size_t colon = target.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(target.substr(colon + 1), &port)) return "";
  if (port < 1 || port > 65535) return "";
  absl::string_view host = target.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) return "";
  return host;
}

// Without gRPC's scheme, and for dns also without the name server: "dns://8.8.8.8/host:1" gives "host:1".
absl::string_view WithoutScheme(absl::string_view target) {
  if (absl::ConsumePrefix(&target, "dns:")) {
    if (absl::ConsumePrefix(&target, "//")) target.remove_prefix(std::min(target.find('/') + 1, target.size()));
    return target;
  }
  if (!absl::ConsumePrefix(&target, "ipv4:")) absl::ConsumePrefix(&target, "ipv6:");
  return target;
}

bool IsUnix(absl::string_view endpoint) {
  return absl::StartsWith(endpoint, "unix:") || absl::StartsWith(endpoint, "unix-abstract:");
}

// One setting looked up: flag, then environment, then default. An empty variable counts as unset.
class SettingReader {
 public:
  SettingReader(const Environment& environment, std::vector<ClientSetting>& settings)
      : environment_(environment), settings_(settings) {}

  std::string Read(const char* name, const std::optional<std::string>& flag, const char* fallback) {
    const char* variable = environment_(name);
    if (flag) {
      settings_.push_back({name, *flag, "flag"});
    } else if (variable != nullptr && *variable != '\0') {
      settings_.push_back({name, variable, "environment"});
    } else {
      settings_.push_back({name, fallback, "default"});
    }
    return settings_.back().value;
  }

  // How an error should call what the last Read found.
  std::string Culprit(absl::string_view flag) const {
    return settings_.back().origin == "flag" ? std::string(flag) : settings_.back().name;
  }

 private:
  const Environment& environment_;
  std::vector<ClientSetting>& settings_;
};

absl::StatusOr<std::string> ReadToken(const ClientFlags& flags, const Environment& environment,
                                      std::vector<ClientSetting>& settings) {
  std::string token;
  std::string origin = "default";
  const char* variable = environment("PARACLE_CACHE_TOKEN");
  if (flags.token_file) {
    absl::StatusOr<std::string> content = ReadInput("--token-file", *flags.token_file);
    if (!content.ok()) return content.status();
    token = *std::move(content);
    origin = "flag";
  } else if (variable != nullptr && *variable != '\0') {
    token = variable;
    origin = "environment";
  }
  absl::StripAsciiWhitespace(&token);
  const std::string culprit =
      flags.token_file ? absl::StrCat("--token-file: ", *flags.token_file) : std::string("PARACLE_CACHE_TOKEN");
  if (origin != "default" && token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(culprit, " holds no token"));
  }
  if (!std::all_of(token.begin(), token.end(), [](char c) { return absl::ascii_isgraph(c); })) {
    return absl::InvalidArgumentError(absl::StrCat(culprit, " must hold one token: printable ASCII without spaces"));
  }
  settings.push_back({"PARACLE_CACHE_TOKEN", token.empty() ? "" : kSecretMask, origin});
  return token;
}

absl::Status CheckTls(const ClientOptions& options) {
  if (options.cert_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError("--cert and --key (PARACLE_CACHE_CERT, PARACLE_CACHE_KEY) go together");
  }
  if (!options.token.empty() && !options.uses_tls() && !IsLoopback(options.endpoint)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the token would travel to ", options.endpoint,
                     " in the clear, so nothing was sent; give --cacert FILE to use TLS"));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsServerEndpoint(absl::string_view text) {
  if (IsUnix(text)) return text.size() > text.find(':') + 1;
  return !HostOf(WithoutScheme(text)).empty() && text.find('/') != 0;
}

bool IsLoopback(absl::string_view endpoint) {
  if (IsUnix(endpoint)) return true;
  const absl::string_view host = HostOf(WithoutScheme(endpoint));
  int part = 0;
  const bool is_127 = absl::StartsWith(host, "127.") && absl::SimpleAtoi(host.substr(host.rfind('.') + 1), &part) &&
                      host.find_first_not_of("0123456789.") == absl::string_view::npos;
  return host == "localhost" || host == "::1" || is_127;
}

absl::StatusOr<EndpointFlags> SplitEndpoints(const std::vector<std::string>& values) {
  EndpointFlags split;
  for (const std::string& value : values) {
    const bool is_path = absl::StartsWith(value, "/");
    if (!is_path && !IsServerEndpoint(value)) {
      return absl::InvalidArgumentError(absl::StrCat("--endpoint: \"", value, "\" is neither a server (", kServerForms,
                                                     ") nor an API path, which begins with /"));
    }
    std::optional<std::string>& slot = is_path ? split.api_path : split.server;
    if (slot && *slot != value) {
      return absl::InvalidArgumentError(
          absl::StrCat("--endpoint names two ", is_path ? "API paths" : "servers", ": ", *slot, " and ", value));
    }
    slot = value;
  }
  return split;
}

absl::StatusOr<ClientOptions> ResolveClientOptions(const ClientFlags& flags, const Environment& environment) {
  ClientOptions options;
  SettingReader settings(environment, options.settings);
  const absl::StatusOr<EndpointFlags> endpoints = SplitEndpoints(flags.endpoints);
  if (!endpoints.ok()) return endpoints.status();
  options.endpoint = settings.Read("PARACLE_CACHE_ENDPOINT", endpoints->server, "localhost:50051");
  if (!IsServerEndpoint(options.endpoint)) {
    return absl::InvalidArgumentError(absl::StrCat(settings.Culprit("--endpoint"), ": \"", options.endpoint,
                                                   "\" is not a server; write ", kServerForms));
  }
  options.name_space = settings.Read("PARACLE_CACHE_NAMESPACE", flags.name_space, "");
  options.cacert_file = settings.Read("PARACLE_CACHE_CACERT", flags.cacert, "");
  options.cert_file = settings.Read("PARACLE_CACHE_CERT", flags.cert, "");
  options.key_file = settings.Read("PARACLE_CACHE_KEY", flags.key, "");
  const std::string timeout = settings.Read("PARACLE_CACHE_TIMEOUT", flags.timeout, "0.5");
  const absl::StatusOr<absl::Duration> parsed = ParseDuration(timeout, absl::Seconds(1));
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(settings.Culprit("--timeout"), ": ", parsed.status().message()));
  }
  options.timeout = *parsed;
  absl::StatusOr<std::string> token = ReadToken(flags, environment, options.settings);
  if (!token.ok()) return token.status();
  options.token = *std::move(token);
  if (absl::Status tls = CheckTls(options); !tls.ok()) return tls;
  return options;
}

}  // namespace paracle::cli

// How to reach the server: the flags that every command takes, each also an environment variable. A flag wins over the
// environment, the environment over the default.
#ifndef PARACLE_CLI_CLIENT_OPTIONS_H_
#define PARACLE_CLI_CLIENT_OPTIONS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace paracle::cli {

// One setting of this program, as `paracle cache config` prints it.
struct ClientSetting {
  std::string name;    // The environment variable.
  std::string value;   // "***" for a secret that is set.
  std::string origin;  // "default", "environment" or "flag".
};

struct ClientOptions {
  std::string endpoint;     // host:port, unix:/path or dns:///host:port.
  std::string name_space;   // Empty: the server's default one.
  std::string token;        // Bearer token. Empty: none.
  std::string cacert_file;  // PEM. Empty: the system's, when TLS is on for another reason.
  std::string cert_file;    // PEM; with key_file.
  std::string key_file;     // PEM; with cert_file.
  absl::Duration timeout;   // Of connecting, and of any one call.
  std::vector<ClientSetting> settings;

  bool uses_tls() const { return !cacert_file.empty() || !cert_file.empty(); }
};

// What the command line said, before environment and defaults. nullopt: nothing.
struct ClientFlags {
  std::vector<std::string> endpoints = {};
  std::optional<std::string> name_space = std::nullopt;
  std::optional<std::string> cacert = std::nullopt;
  std::optional<std::string> cert = std::nullopt;
  std::optional<std::string> key = std::nullopt;
  std::optional<std::string> token_file = std::nullopt;
  std::optional<std::string> timeout = std::nullopt;
};

// The `--endpoint` that names a server, and the one that names the path of a provider's API. The flag means both, by
// contract; only a path begins with a slash. INVALID_ARGUMENT for a value that is neither, or for two of a kind.
struct EndpointFlags {
  std::optional<std::string> server;
  std::optional<std::string> api_path;
};
absl::StatusOr<EndpointFlags> SplitEndpoints(const std::vector<std::string>& values);

// True for host:port, unix:path, and gRPC's dns:, ipv4: and ipv6: targets, each with a port.
bool IsServerEndpoint(absl::string_view text);

// True when what is sent there stays on this machine.
bool IsLoopback(absl::string_view endpoint);

// Returns the variable's value, nullptr when unset. std::getenv, or a table in tests.
using Environment = std::function<const char*(const char* name)>;

// INVALID_ARGUMENT names the flag or variable, its value and what is accepted. FAILED_PRECONDITION: a token would
// travel in the clear to another machine. Reads the token file.
absl::StatusOr<ClientOptions> ResolveClientOptions(const ClientFlags& flags, const Environment& environment);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_CLIENT_OPTIONS_H_

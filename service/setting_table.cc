// The one table of settings; docs/configuration.md is written from it.
#include <unistd.h>

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "service/available_cores.h"
#include "service/setting_values.h"
#include "service/settings.h"

namespace paracle::service {
namespace {

using absl::string_view;

bool SetSwitch(string_view text, bool* out) {
  const auto value = ParseSwitch(text);
  if (value) *out = *value;
  return value.has_value();
}

template <typename Int>
bool SetCount(string_view text, int64_t least, int64_t most, Int* out) {
  const auto value = ParseCount(text);
  if (!value || *value < least || *value > most) return false;
  *out = static_cast<Int>(*value);
  return true;
}

template <typename Int>
bool SetSize(string_view text, int64_t least, int64_t most, Int* out) {
  const auto value = ParseSize(text);
  if (!value || *value < least || *value > most) return false;
  *out = static_cast<Int>(*value);
  return true;
}

bool SetDuration(string_view text, absl::Duration least, absl::Duration* out) {
  const auto value = ParseDuration(text);
  if (!value || *value < least) return false;
  *out = *value;
  return true;
}

bool SetListen(string_view text, std::vector<ListenAddress>* out) {
  out->clear();
  for (string_view part : absl::StrSplit(text, ',')) {
    const auto address = ListenAddress::Parse(absl::StripAsciiWhitespace(part));
    if (!address) return false;
    out->push_back(*address);
  }
  return true;
}

bool SetAdminListen(string_view text, std::optional<ListenAddress>* out) {
  out->reset();
  if (text.empty() || absl::EqualsIgnoreCase(text, "off")) return true;
  *out = ListenAddress::Parse(text);
  return out->has_value() && !(*out)->is_unix();
}

bool SetNames(string_view text, std::vector<std::string>* out) {
  constexpr size_t kMostNames = 200;
  out->clear();
  for (string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (!part.empty()) out->emplace_back(part);
  }
  return out->size() <= kMostNames;
}

template <typename Enum>
bool SetChoice(string_view text, std::initializer_list<std::pair<string_view, Enum>> choices, Enum* out) {
  for (const auto& [name, value] : choices) {
    if (!absl::EqualsIgnoreCase(text, name)) continue;
    *out = value;
    return true;
  }
  return false;
}

constexpr int64_t kNoMost = std::numeric_limits<int64_t>::max();
constexpr int kMostThreads = 64;

bool SetThreads(string_view text, int* out) {
  if (!SetCount(text, 0, kMostThreads, out)) return false;
  if (*out == 0) *out = DefaultThreads();
  return true;
}

// Looked at now, so that a misspelt path is told at the start and not when Redis is reached.
bool SetReadableFile(string_view text, std::string* out) {
  *out = std::string(text);
  return text.empty() || access(out->c_str(), R_OK) == 0;
}

bool SetText(string_view text, std::string* out) {
  *out = std::string(text);
  return true;
}

bool AcceptAny(string_view, Config&) { return true; }

bool SetUrl(string_view text, cachecore::redis::Deployment* out) {
  const auto url = cachecore::redis::Deployment::Parse(text);
  if (url.ok()) *out = *url;
  return url.ok();
}

// The line break at the end of a file would be part of it, and nobody would see why the server refuses it.
bool SetCredential(string_view text, std::string* out) {
  *out = std::string(text);
  return text.size() <= 4096 && text.find_first_of(string_view("\r\n\0", 3)) == string_view::npos;
}

// Whoever scans for our keys must be able to tell the prefix from the rest, and Cluster hashes what is in braces.
bool SetPrefix(string_view text, std::string* out) {
  *out = std::string(text);
  return !text.empty() && text.size() <= 128 && !absl::StrContains(text, '{') && !absl::StrContains(text, '}');
}

constexpr auto kShared = SettingSpec::Role::kShared;
constexpr string_view kCredential = "up to 4096 bytes without line breaks";
constexpr string_view kSwitch = "true or false";
constexpr string_view kDuration = "a duration such as 50ms, 30s, 12h or 30d (a plain number is seconds)";
constexpr string_view kPositiveDuration = "a duration over 0 such as 50ms, 30s, 12h or 30d (a plain number is seconds)";

constexpr SettingSpec kTable[] = {
    {"ENABLED", "true", kSwitch, "false: every lookup misses, every answer is accepted and dropped",
     [](string_view text, Config& config) { return SetSwitch(text, &config.enabled); }},
    {"BACKEND", "memory", "memory, redis or valkey", "where answers are kept: here alone, or shared behind memory",
     [](string_view text, Config& config) {
       config.backend = std::string(text);
       return text == "memory" || text == "redis" || text == "valkey";
     }},
    {"REDIS_URL", "redis://localhost:6379/0",
     "redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://... for TLS, unix:///PATH[?db=DB], HOST:PORT,HOST:PORT for a "
     "Cluster, or redis+sentinel://HOST,HOST/MASTER[/DB]",
     "the shared tier", [](string_view text, Config& config) { return SetUrl(text, &config.redis_url); }, kShared,
     true},
    {"REDIS_USER", "", kCredential, "user of the shared tier, when the URL names none; without it, the default user",
     [](string_view text, Config& config) { return SetCredential(text, &config.redis_user); }, kShared},
    {"REDIS_PASSWORD", "", kCredential,
     "password of the shared tier as it is, not percent-encoded, when the URL has none",
     [](string_view text, Config& config) { return SetCredential(text, &config.redis_password); }, kShared, true},
    {"TTL", "3600", kPositiveDuration, "life of an entry whose Set does not say",
     [](string_view text, Config& config) { return SetDuration(text, absl::Milliseconds(1), &config.ttl); }},
    {"MAX_SIZE", "1000", "a whole number from 0 (no limit by number)", "entries in the memory tier",
     [](string_view text, Config& config) { return SetCount(text, 0, kNoMost, &config.max_size); }},
    {"MAX_BYTES", "256MiB", "a size from 64KiB such as 256MiB (a plain number is bytes)",
     "bytes in the memory tier, keys and bookkeeping counted",
     [](string_view text, Config& config) { return SetSize(text, 64 << 10, kNoMost, &config.max_bytes); }},
    {"MAX_ENTRY_BYTES", "3MiB", "a size from 1 to 1GiB such as 3MiB (a plain number is bytes)",
     "largest payload; above 3MiB, clients must raise their receive limit",
     [](string_view text, Config& config) { return SetSize(text, 1, 1 << 30, &config.max_entry_bytes); }},
    {"MAX_TTL", "30d", kPositiveDuration, "longer lives are cut to this",
     [](string_view text, Config& config) { return SetDuration(text, absl::Milliseconds(1), &config.max_ttl); }},
    {"REDIS_TIMEOUT", "50ms", "a duration from 1ms to 10s such as 50ms", "limit of one operation on the shared tier",
     [](string_view text, Config& config) {
       return SetDuration(text, absl::Milliseconds(1), &config.redis_timeout) &&
              config.redis_timeout <= absl::Seconds(10);
     },
     kShared},
    {"REDIS_CACERT", "", "a PEM file that can be read", "CA of the shared tier; without it, the system's",
     [](string_view text, Config& config) { return SetReadableFile(text, &config.redis_tls.ca); }, kShared},
    {"REDIS_CERT", "", "a PEM file that can be read", "certificate shown to the shared tier",
     [](string_view text, Config& config) { return SetReadableFile(text, &config.redis_tls.certificate); }, kShared},
    {"REDIS_KEY", "", "a PEM file that can be read", "key of that certificate",
     [](string_view text, Config& config) { return SetReadableFile(text, &config.redis_tls.key); }, kShared},
    {"CONSISTENCY", "available", "available or strict",
     "while the shared tier is away: go on from memory, or stop serving after 1.5 s",
     [](string_view text, Config& config) {
       return SetChoice<bool>(text, {{"available", false}, {"strict", true}}, &config.strict);
     },
     kShared},
    {"PREFIX", "paracle:llm:", "1 to 128 bytes without braces", "prefix of every key in the shared tier",
     [](string_view text, Config& config) { return SetPrefix(text, &config.prefix); }, kShared},
    {"ENCRYPTION_KEYS_FILE", "", "a file of keys that only its owner can read, as docs/encryption.md says",
     "keys that seal what lies in the shared tier; without it, answers and names lie there in the clear",
     [](string_view text, Config& config) { return SetText(text, &config.encryption_keys_file); },
     kShared},
    {"LEASE_HOLD", "30s", "a duration from 100ms such as 30s",
     "a lease that is not renewed ends after this; clients renew it every third of it",
     [](string_view text, Config& config) { return SetDuration(text, absl::Milliseconds(100), &config.lease_hold); }},
    {"LEASE_MAX_HOLD", "15m", "a duration from 100ms such as 15m", "a lease ends after this, renewed or not",
     [](string_view text, Config& config) {
       return SetDuration(text, absl::Milliseconds(100), &config.lease_max_hold);
     }},
    {"LEASES_PER_CALLER", "4096", "a whole number from 1 to 1000000",
     "leases that one caller may hold; beyond, its lookups miss without one",
     [](string_view text, Config& config) { return SetCount(text, 1, 1'000'000, &config.leases_per_caller); }},
    {"MAX_WAITERS", "10000", "a whole number from 0 to 1000000",
     "calls that may wait for somebody else's answer; beyond, callers are told to ask again",
     [](string_view text, Config& config) { return SetCount(text, 0, 1'000'000, &config.max_waiters); }},
    {"WAITERS_PER_NAMESPACE", "5000", "a whole number from 0 to 1000000", "the same, of one namespace",
     [](string_view text, Config& config) { return SetCount(text, 0, 1'000'000, &config.waiters_per_namespace); }},
    {"RECORDING_BYTES", "64MiB", "a size from 0 such as 64MiB (a plain number is bytes)",
     "bytes of answers that are being recorded or followed; beyond, they are stored when they are complete",
     [](string_view text, Config& config) { return SetSize(text, 0, kNoMost, &config.recording_bytes); }},
    {"MAX_FOLLOWERS", "10000", "a whole number from 0 to 1000000", "calls that may follow an answer that is recorded",
     [](string_view text, Config& config) { return SetCount(text, 0, 1'000'000, &config.max_followers); }},
    {"LISTEN", "127.0.0.1:50051",
     "a comma list of HOST:PORT, [IPV6]:PORT and unix:/PATH (port 0: any free one; unix paths below 108 bytes)",
     "where to serve gRPC", [](string_view text, Config& config) { return SetListen(text, &config.listen); }},
    {"ALLOW_INSECURE", "false", kSwitch, "listen beyond this machine without TLS, and let tokens travel in the clear",
     [](string_view text, Config& config) { return SetSwitch(text, &config.allow_insecure); }},
    {"ADMIN_LISTEN", "127.0.0.1:9464", "HOST:PORT, [IPV6]:PORT (port 0: any free one) or off",
     "where to serve /metrics and /healthz over HTTP",
     [](string_view text, Config& config) { return SetAdminListen(text, &config.admin_listen); }},
    {"METRICS_MODELS", "", "a comma list of names, at most 200",
     "models that metrics tell apart, others being \"other\"; without it, the first 50",
     [](string_view text, Config& config) { return SetNames(text, &config.metrics_models); }},
    {"METRICS_NAMESPACES", "", "a comma list of names, at most 200", "the same of namespaces",
     [](string_view text, Config& config) { return SetNames(text, &config.metrics_namespaces); }},
    {"TLS_CERT", "", "a PEM file: the certificate, and those that signed it after it",
     "server certificate; turns TLS on; taken anew when it changes",
     [](string_view text, Config& config) { return SetText(text, &config.tls.chain); }},
    {"TLS_KEY", "", "a PEM file without a passphrase", "key of the server certificate",
     [](string_view text, Config& config) { return SetText(text, &config.tls.key); }},
    {"TLS_CLIENT_CA", "", "a PEM file", "CA of client certificates; turns mTLS on: without one, nobody connects",
     [](string_view text, Config& config) { return SetText(text, &config.tls.client_ca); }},
    {"TOKENS_FILE", "", "a file of lines that docs/security.md describes",
     "who may call, by token or certificate, and what they may do; taken anew when it changes",
     [](string_view text, Config& config) { return SetText(text, &config.tokens_file); }},
    {"AUDIT_LOG", "", "a path, stderr, or off",
     "where admin calls, invalidations and refusals are noted; without it, on stderr if there is a tokens file",
     [](string_view text, Config& config) { return SetText(text, &config.audit_log); }},
    {"THREADS", "0", "a whole number from 0 (one for each core, at most 16) to 64",
     "completion queues, each with its thread",
     [](string_view text, Config& config) { return SetThreads(text, &config.threads); }},
    {"MAX_IN_FLIGHT", "1024", "a whole number from 1 to 1000000",
     "calls answered at one time; more are refused with RESOURCE_EXHAUSTED",
     [](string_view text, Config& config) { return SetCount(text, 1, 1'000'000, &config.max_in_flight); }},
    {"NAMESPACE_LIMITS", "",
     "NAMESPACE:LIMIT,LIMIT;*:LIMIT with limits rps=100, in_flight=32, bytes=10MiB and memory=25%, as docs/limits.md "
     "says",
     "how much each namespace may take of the server; * stands for every one",
     [](string_view text, Config& config) {
       config.namespace_limits_text = std::string(text);
       return true;
     }},
    {"MAX_CONNECTIONS", "10000", "a whole number from 1 to 1000000, or 0 (half as many as files may be open)",
     "connections over TCP, at most half as many as files may be open; of more, those that have sent least are closed",
     [](string_view text, Config& config) { return SetCount(text, 0, 1'000'000, &config.max_connections); }},
    {"MAX_STREAMS", "10000", "a whole number from 1 to 1000000",
     "concurrent calls of one connection, those that wait for somebody else's answer included",
     [](string_view text, Config& config) { return SetCount(text, 1, 1'000'000, &config.max_streams); }},
    {"MAX_METADATA_BYTES", "16KiB", "a size from 1KiB to 1MiB", "largest metadata of a request",
     [](string_view text, Config& config) { return SetSize(text, 1 << 10, 1 << 20, &config.max_metadata_bytes); }},
    {"CONNECTION_BYTES", "256MiB", "a size from 32MiB such as 256MiB (a plain number is bytes), or 0 (no limit)",
     "bytes that the process may take beside the memory tier and recordings; beyond, the connections that cost most "
     "are "
     "closed",
     [](string_view text, Config& config) {
       if (!SetSize(text, 0, kNoMost, &config.connection_bytes)) return false;
       return config.connection_bytes == 0 || config.connection_bytes >= 32 << 20;
     }},
    {"MAX_CONNECTION_AGE", "30m", "a duration from 1s such as 30m, or 0 (for ever)",
     "connections are asked to reconnect after this, so that load spreads",
     [](string_view text, Config& config) {
       if (!SetDuration(text, absl::ZeroDuration(), &config.max_connection_age)) return false;
       return config.max_connection_age == absl::ZeroDuration() || config.max_connection_age >= absl::Seconds(1);
     }},
    {"DRAIN_DELAY", "0", kDuration, "after SIGTERM: go on serving for this long, so that load balancers notice",
     [](string_view text, Config& config) { return SetDuration(text, absl::ZeroDuration(), &config.drain_delay); }},
    {"DRAIN_TIMEOUT", "10s", kDuration, "after that: let calls finish for this long at most",
     [](string_view text, Config& config) { return SetDuration(text, absl::ZeroDuration(), &config.drain_timeout); }},
    {"REFLECTION", "true", kSwitch, "offer gRPC reflection, so that grpcurl needs no proto files",
     [](string_view text, Config& config) { return SetSwitch(text, &config.reflection); }},
    {"LOG_LEVEL", "info", "debug, info, warn or error", "least severity that is logged",
     [](string_view text, Config& config) {
       return SetChoice<LogLevel>(text,
                                  {{"debug", LogLevel::kDebug},
                                   {"info", LogLevel::kInfo},
                                   {"warn", LogLevel::kWarn},
                                   {"error", LogLevel::kError}},
                                  &config.log_level);
     }},
    {"LOG_FORMAT", "text", "text or json", "form of the log lines on stderr",
     [](string_view text, Config& config) {
       return SetChoice<LogFormat>(text, {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}, &config.log_format);
     }},
    {"CONFIG", "", "a file of NAME = VALUE lines (TOML or INI)", "file with settings, by flag names without dashes",
     AcceptAny},
};

}  // namespace

absl::Span<const SettingSpec> SettingTable() { return kTable; }

}  // namespace paracle::service

// Config is what the server runs by: every setting, typed and checked. settings.h makes it from text.
#ifndef PARACLE_SERVICE_CONFIG_H_
#define PARACLE_SERVICE_CONFIG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cachecore/encryption/key_ring.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/deployment.h"
#include "service/limits/limit_rules.h"
#include "service/auth/certificate_store.h"
#include "service/auth/token_store.h"
#include "service/listen_address.h"

namespace paracle::service {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

// Defaults are in settings.cc, in text, where users read them; these fields hold what that text says.
struct Config {
  bool enabled = true;
  std::string backend;     // "memory", "redis" or "valkey".
  absl::Duration ttl;      // > 0, <= max_ttl.
  absl::Duration max_ttl;  // > 0.
  int64_t max_size = 0;    // Entries; 0: no limit by number.
  int64_t max_bytes = 0;
  int64_t max_entry_bytes = 0;

  bool shared() const { return backend != "memory"; }
  cachecore::redis::Deployment redis_url;
  std::string redis_user, redis_password;  // As they were given beside the URL; part of redis_url since.
  cachecore::redis::TlsFiles redis_tls;
  absl::Duration redis_timeout;  // Of one operation; > 0.
  bool strict = false;           // Serve nothing without the shared tier, instead of going on from memory.
  std::string prefix;            // Of every key in the shared tier. No braces.
  std::string encryption_keys_file;
  std::shared_ptr<const cachecore::encryption::KeyRing> encryption_keys;  // What is in it; null: nothing is sealed.

  absl::Duration lease_hold;      // Until it must be renewed; > 0.
  absl::Duration lease_max_hold;  // Renewals included; > 0.
  int leases_per_caller = 0;      // Held at one time; > 0.
  int max_waiters = 0;            // Calls that wait for somebody else's answer; >= 0.
  int waiters_per_namespace = 0;  // >= 0.
  int64_t recording_bytes = 0;    // Of all answers that are on their way; >= 0.
  int max_followers = 0;          // Calls that follow one; >= 0.

  std::vector<ListenAddress> listen;            // Not empty.
  std::optional<ListenAddress> admin_listen;    // Of HTTP; nullopt: nothing is counted for it.
  std::vector<std::string> metrics_models;      // Empty: the first that come.
  std::vector<std::string> metrics_namespaces;  // The same.
  bool allow_insecure = false;

  auth::CertificatePaths tls;                            // No chain: no TLS.
  std::shared_ptr<auth::CertificateStore> certificates;  // What is in them; null: no TLS.
  std::string tokens_file;
  std::shared_ptr<auth::TokenStore> tokens;  // What is in it; null: nobody is asked who they are.
  std::string audit_log;                     // A path, "stderr" or "off"; empty: stderr, if there are tokens.

  int threads = 0;          // Completion queues, each with its thread; > 0.
  int max_in_flight = 0;    // Calls that are being answered at one time; > 0.
  int max_connections = 0;  // Over TCP; 0: half as many as files may be open.
  int max_streams = 0;      // Concurrent calls of one connection; > 0.
  int max_metadata_bytes = 0;
  int64_t connection_bytes = 0;  // Of the process, beside the memory tier and recordings; 0: no limit.
  std::string namespace_limits_text;
  LimitRules namespace_limits;        // What that text says.
  absl::Duration max_connection_age;  // Zero: connections may live for ever.
  absl::Duration drain_delay;
  absl::Duration drain_timeout;
  bool reflection = true;

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;

  // Largest request message: gRPC's own default, or what the largest entry needs with 64 KiB for all that is around
  // its payload.
  int64_t MaxMessageBytes() const;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_CONFIG_H_

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "cachecore/redis/client.h"

namespace paracle::cachecore::redis {
namespace {

absl::Status Refuse(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", why));
}

absl::Status CheckPositive(absl::string_view field, absl::Duration value) {
  if (value > absl::ZeroDuration()) return absl::OkStatus();
  return Refuse(field, "must be longer than nothing");
}

absl::Status CheckReadable(absl::string_view field, const std::string& path) {
  if (path.empty() || std::ifstream(path).good()) return absl::OkStatus();
  return Refuse(field, absl::StrCat("cannot read ", path));
}

absl::Status CheckTls(const TlsFiles& tls, const Url& url) {
  if (tls.certificate.empty() != tls.key.empty()) return Refuse("tls", "a certificate and its key go together");
  const bool given = !tls.ca.empty() || !tls.certificate.empty();
  if (given && url.kind != Url::Kind::kTls)
    return Refuse("tls", "certificates are given, but the URL is not rediss://");
  if (auto status = CheckReadable("tls.ca", tls.ca); !status.ok()) return status;
  if (auto status = CheckReadable("tls.certificate", tls.certificate); !status.ok()) return status;
  return CheckReadable("tls.key", tls.key);
}

// It becomes an argument of CLIENT SETNAME, which takes no spaces.
bool IsName(absl::string_view name) {
  for (char c : name) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

}  // namespace

absl::Status ClientOptions::Validate() const {
  const struct {
    absl::string_view field;
    absl::Duration value;
  } durations[] = {{"operation_timeout", operation_timeout},
                   {"connect_timeout", connect_timeout},
                   {"liveness", liveness},
                   {"min_backoff", min_backoff},
                   {"probe_interval", probe_interval}};
  for (const auto& [field, value] : durations) {
    if (auto status = CheckPositive(field, value); !status.ok()) return status;
  }
  if (max_backoff < min_backoff) return Refuse("max_backoff", "must not be shorter than min_backoff");
  if (data_connections < 1) return Refuse("data_connections", "must be at least 1");
  if (max_pending_commands < 1) return Refuse("max_pending_commands", "must be at least 1");
  if (max_pending_bytes < 1) return Refuse("max_pending_bytes", "must be at least 1");
  if (!IsName(name)) return Refuse("name", "must be printable ASCII without spaces");
  return CheckTls(tls, url());
}

}  // namespace paracle::cachecore::redis

#include "service/security.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/clock.h"
#include "service/logging.h"
#include "service/server_credentials.h"

namespace paracle::service {
namespace {

using cachecore::Clock;

// Refusals and what operators do are noted as soon as callers are told apart.
std::string AuditPath(const Config& config) {
  if (config.audit_log == "off") return "";
  if (!config.audit_log.empty()) return config.audit_log;
  return config.tokens != nullptr ? "stderr" : "";
}

std::optional<auth::Authenticator> MakeAuthenticator(const Config& config) {
  if (config.tokens == nullptr) return std::nullopt;
  return auth::Authenticator(config.tokens, Clock::System());
}

bool AsksForCertificates(const Config& config) {
  return config.certificates != nullptr && config.certificates->asks_clients();
}

template <typename Store>
void LookAt(Store* store, absl::string_view what) {
  if (store == nullptr) return;
  const std::optional<absl::Status> change = store->Poll();
  if (!change) return;
  if (change->ok()) {
    Log(LogLevel::kInfo, "file reloaded", {{"what", std::string(what)}, {"file", store->path()}});
  } else {
    Log(LogLevel::kWarn, "file not reloaded, what it said before holds",
        {{"what", std::string(what)}, {"file", store->path()}, {"why", std::string(change->message())}});
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Security>> Security::Make(const Config& config) {
  std::unique_ptr<AuditLog> audit;
  if (const std::string path = AuditPath(config); !path.empty()) {
    auto opened = AuditLog::Open(path, Clock::System());
    if (!opened.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("PARACLE_CACHE_AUDIT_LOG: \"", path, "\" ", opened.status().message()));
    }
    audit = *std::move(opened);
  }
  return std::unique_ptr<Security>(new Security(config, std::move(audit)));
}

Security::Security(const Config& config, std::unique_ptr<AuditLog> audit)
    : tokens_(config.tokens),
      certificates_(config.certificates),
      audit_(std::move(audit)),
      authenticator_(MakeAuthenticator(config)),
      access_(authenticator_ ? &*authenticator_ : nullptr, AsksForCertificates(config), audit_.get()) {
  if (tokens_ == nullptr && certificates_ == nullptr && audit_ == nullptr) return;
  thread_.emplace(kLookPeriod, [this] { Look(); });
}

void Security::Look() {
  LookAt(tokens_.get(), "tokens");
  LookAt(certificates_.get(), "certificates");
  if (audit_ != nullptr) audit_->Flush();
}

std::shared_ptr<grpc::ServerCredentials> Security::CredentialsFor(const ListenAddress& address) {
  if (certificates_ == nullptr || address.is_unix()) return grpc::InsecureServerCredentials();
  credentials_.push_back(TlsCredentials(certificates_.get()));
  return credentials_.back();
}

}  // namespace paracle::service

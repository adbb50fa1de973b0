// Security is what a server checks its callers with, built from its configuration: TLS, tokens, audit; and the thread
// that takes over files that change.
#ifndef PARACLE_SERVICE_SECURITY_H_
#define PARACLE_SERVICE_SECURITY_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "service/access.h"
#include "service/audit_log.h"
#include "service/auth/authenticator.h"
#include "service/auth/certificate_store.h"
#include "service/auth/token_store.h"
#include "service/config.h"
#include "service/periodic_thread.h"

namespace paracle::service {

// Outlives the server. Thread-safe, but for CredentialsFor.
class Security {
 public:
  // A file that is replaced holds after two of these at most.
  static constexpr absl::Duration kLookPeriod = absl::Milliseconds(500);

  // INVALID_ARGUMENT names the audit log, which cannot be opened.
  static absl::StatusOr<std::unique_ptr<Security>> Make(const Config& config);

  const Access& access() const { return access_; }

  // What a listener at `address` is opened with. A unix socket has no TLS: its permissions guard it.
  std::shared_ptr<grpc::ServerCredentials> CredentialsFor(const ListenAddress& address);

 private:
  Security(const Config& config, std::unique_ptr<AuditLog> audit);

  void Look();

  const std::shared_ptr<auth::TokenStore> tokens_;              // Null: nobody is asked who they are.
  const std::shared_ptr<auth::CertificateStore> certificates_;  // Null: no TLS.
  const std::unique_ptr<AuditLog> audit_;                       // Null: nothing is noted.
  const std::optional<auth::Authenticator> authenticator_;
  const Access access_;
  std::vector<std::shared_ptr<grpc::ServerCredentials>> credentials_;  // Which the server goes on to ask.
  std::optional<PeriodicThread> thread_;                               // Last: it uses the rest.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SECURITY_H_

// TLS for the listeners of a server, with certificates that are replaced while it runs: each handshake takes the pair
// that its store has at that moment. A certificate and its key are taken together or not at all; connections that exist
// keep theirs until they are opened anew.
#ifndef PARACLE_SERVICE_SERVER_CREDENTIALS_H_
#define PARACLE_SERVICE_SERVER_CREDENTIALS_H_

#include <memory>

#include "grpcpp/security/server_credentials.h"
#include "service/auth/certificate_store.h"

namespace paracle::service {

// For one listener. Clients must show a certificate of the client CA if the store has one. REQUIRES: `store` and what
// is returned outlive the server.
std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const auth::CertificateStore* store);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SERVER_CREDENTIALS_H_

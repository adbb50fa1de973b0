// The server's certificate, its key, and the CA of its clients: as PEM, checked to be of one piece. Pure, thread-safe.
#ifndef PARACLE_SERVICE_AUTH_CERTIFICATES_H_
#define PARACLE_SERVICE_AUTH_CERTIFICATES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace paracle::service::auth {

struct Certificates {
  std::string chain;      // The server's own certificate first.
  std::string key;        // Of that.
  std::string client_ca;  // Empty: clients are not asked for certificates.
  absl::Time not_after;   // When the server's own expires.
};

// Everything parses, and the certificate is valid at `now`, and the key is its own. INVALID_ARGUMENT says what is
// wrong; `at` then tells with which of them: 0 for the chain, 1 for the key, 2 for the CA.
absl::StatusOr<absl::Time> CheckCertificates(const Certificates& certificates, absl::Time now, int* at);

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_CERTIFICATES_H_

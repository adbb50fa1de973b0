// TLS for the load generator: HTTP/2 negotiated by ALPN, the server's certificate checked, a client certificate if
// there is one.
#ifndef PARACLE_BENCH_LOAD_TLS_H_
#define PARACLE_BENCH_LOAD_TLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bench/load/load_options.h"
#include "bench/load/transport.h"

namespace paracle::load {

// Certificates, read once and used by all connections. Immutable, thread-safe.
class TlsContext {
 public:
  // INVALID_ARGUMENT names the file that cannot be used.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Create(const LoadOptions& options);
  virtual ~TlsContext() = default;

  // Speaks TLS over `plain`. The handshake runs within Read and Write; a certificate for another name than
  // `server_name` (a host name or an IP address) ends the stream with an error that says so.
  virtual std::unique_ptr<Transport> Wrap(std::unique_ptr<Transport> plain, const std::string& server_name) const = 0;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_TLS_H_

// HttpServer answers small HTTP requests, one for each connection, on a thread of its own.
//
// A peer that is slow, silent or malicious costs a place among HttpLimits::connections, for a time, and nothing else:
// what it may send, and how long it may take for it, are bounded, and when all places are taken the one that has held
// its longest is given to who comes. No TLS: it is for this machine, or for a network of one's own.
#ifndef PARACLE_SERVICE_METRICS_HTTP_SERVER_H_
#define PARACLE_SERVICE_METRICS_HTTP_SERVER_H_

#include <cstddef>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/listen_address.h"
#include "service/metrics/http_message.h"

namespace paracle::service {

struct HttpLimits {
  size_t connections = 32;                      // > 0.
  size_t head_bytes = 8 << 10;                  // Of a request, headers included.
  absl::Duration request = absl::Seconds(5);    // Until it has arrived.
  absl::Duration response = absl::Seconds(10);  // Until it has been taken.
};

class HttpServer {
 public:
  // Called on the server's thread.
  using Handler = absl::AnyInvocable<HttpResponse(const HttpRequest&)>;

  // Listens, and answers from now on. UNAVAILABLE: the address cannot be listened on; the message says why.
  // REQUIRES: `address` is no unix socket.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const ListenAddress& address, const HttpLimits& limits,
                                                           Handler handler);

  // Cuts all connections. The handler is not called any more when it returns.
  virtual ~HttpServer() = default;

  // What was bound.
  virtual int port() const = 0;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_HTTP_SERVER_H_

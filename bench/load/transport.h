// Transport is a byte stream to a server that never blocks: plain TCP or a unix socket here, TLS in tls.h.
//
// Not thread-safe.
#ifndef PARACLE_BENCH_LOAD_TRANSPORT_H_
#define PARACLE_BENCH_LOAD_TRANSPORT_H_

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/load/endpoint.h"

namespace paracle::load {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

// The addresses of an endpoint, at least one. Blocks on the system's resolver. UNAVAILABLE: unknown name.
absl::StatusOr<std::vector<SocketAddress>> Resolve(const Endpoint& endpoint);

// How much a read or write moved.
struct IoResult {
  size_t bytes = 0;        // 0 with `over` false: would block.
  bool over = false;       // The stream is at its end or broken; `error` says why.
  std::string error = {};  // Only with `over`.
  bool partial = false;    // A read that took all there was: another one now would block.
};

class Transport {
 public:
  virtual ~Transport() = default;

  // To wait on with epoll. Owned by the transport.
  virtual int fd() const = 0;
  // Until the first byte could be written: wait for the socket to become writable.
  virtual bool connecting() const = 0;
  virtual IoResult Read(char* buffer, size_t size) = 0;
  virtual IoResult Write(std::string_view bytes) = 0;
};

// Starts to connect; the first Write tells whether that worked. UNAVAILABLE: refused at once.
absl::StatusOr<std::unique_ptr<Transport>> ConnectPlain(const SocketAddress& address);

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_TRANSPORT_H_

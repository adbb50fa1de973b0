// Endpoint is where a server listens, taken apart.
#ifndef PARACLE_BENCH_LOAD_ENDPOINT_H_
#define PARACLE_BENCH_LOAD_ENDPOINT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace paracle::load {

struct Endpoint {
  std::string unix_path;  // Not empty: a unix socket, host and port mean nothing.
  std::string host;       // Without brackets.
  std::string port;

  // What HTTP/2 calls :authority.
  std::string Authority() const;
};

// Reads HOST:PORT, [IPV6]:PORT, dns:HOST:PORT, dns:///HOST:PORT, unix:PATH or unix:///PATH, as gRPC does.
// INVALID_ARGUMENT names the text and what is accepted. Resolves nothing.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_ENDPOINT_H_

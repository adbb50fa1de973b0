// Where the server listens: "127.0.0.1:50051", "[::1]:50051", "localhost:0" or "unix:/run/cache.sock".
#ifndef PARACLE_SERVICE_LISTEN_ADDRESS_H_
#define PARACLE_SERVICE_LISTEN_ADDRESS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace paracle::service {

struct ListenAddress {
  std::string host;       // Without brackets; empty for a unix socket.
  int port = 0;           // 0: any free one.
  std::string unix_path;  // Absolute; empty for TCP.

  // nullopt: not an address. A host is required: "every interface" must be said as 0.0.0.0 or [::].
  static std::optional<ListenAddress> Parse(absl::string_view text);

  bool is_unix() const { return !unix_path.empty(); }

  // True when only this machine can reach it: a unix socket, localhost, 127.0.0.0/8, ::1.
  bool IsLoopback() const;

  // As gRPC and people write it, with `port` in place of the configured one.
  std::string ToString(int bound_port) const;
  std::string ToString() const { return ToString(port); }
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LISTEN_ADDRESS_H_

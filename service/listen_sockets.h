// The sockets that listen on an address.
#ifndef PARACLE_SERVICE_LISTEN_SOCKETS_H_
#define PARACLE_SERVICE_LISTEN_SOCKETS_H_

#include <asio/basic_socket_acceptor.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <vector>

#include "absl/status/statusor.h"
#include "service/listen_address.h"

namespace paracle::service {

using ListenSocket = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using AcceptedSocket = asio::generic::stream_protocol::socket;

struct ListenSockets {
  std::vector<ListenSocket> sockets;  // At least one.
  int port = 0;                       // Of each; 0: a unix socket.
};

// One for each address that a host name has, and of those only the ones that this machine has; 0.0.0.0 and [::] both
// mean every interface, IPv6 too where there is any. Nobody else can listen on the port. Connections wait from now on.
//
// UNAVAILABLE: it cannot be listened on; the message is why, as "Address already in use". REQUIRES: nothing is where a
// unix socket goes (SocketLock).
absl::StatusOr<ListenSockets> OpenListenSockets(const ListenAddress& address, asio::io_context& io);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LISTEN_SOCKETS_H_

#include "service/listen_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::service {
namespace {

using asio::generic::stream_protocol;
using asio::ip::tcp;

// For how long a peer may leave bytes unacknowledged until its connection ends: as long as it may leave a keepalive
// unanswered. Connections have it from the socket that they were accepted on, as they have the next one.
constexpr unsigned kUserTimeoutMillis = 10'000;

// The names of one host may have no port free in common.
constexpr int kTries = 8;

std::error_code SetOptions(const tcp::endpoint& endpoint, ListenSocket* socket) {
  std::error_code error;
  // A port whose connections of before are not forgotten yet can be had; one that somebody listens on cannot.
  socket->set_option(ListenSocket::reuse_address(true), error);
  if (!error) socket->set_option(tcp::no_delay(true), error);
  if (!error && endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
    socket->set_option(asio::ip::v6_only(false), error);
  }
  // Not for every kind of socket there is; and a help, no need.
  setsockopt(socket->native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMillis, sizeof(kUserTimeoutMillis));
  return error;
}

std::error_code Listen(const tcp::endpoint& endpoint, ListenSocket* socket) {
  std::error_code error;
  socket->open(endpoint.protocol(), error);
  if (!error) error = SetOptions(endpoint, socket);
  if (!error) socket->bind(endpoint, error);
  if (!error) socket->listen(ListenSocket::max_listen_connections, error);
  return error;
}

// Something that a host name or "every interface" stands for, and this machine has not.
bool IsNotHere(std::error_code error) {
  return error == asio::error::address_family_not_supported || error == std::errc::address_not_available;
}

int PortOf(const ListenSocket& socket) {
  const stream_protocol::endpoint bound = socket.local_endpoint();
  return ntohs(reinterpret_cast<const sockaddr_in*>(bound.data())->sin_port);  // At the same place for IPv6.
}

std::error_code ListenOnEach(const std::vector<tcp::endpoint>& endpoints, asio::io_context& io,
                             ListenSockets* listening) {
  std::error_code not_here;
  for (tcp::endpoint endpoint : endpoints) {
    if (endpoint.port() == 0) endpoint.port(static_cast<asio::ip::port_type>(listening->port));
    ListenSocket socket(io);
    const std::error_code error = Listen(endpoint, &socket);
    if (error && !IsNotHere(error)) return error;
    if (error) {
      not_here = error;
      continue;
    }
    listening->port = PortOf(socket);
    listening->sockets.push_back(std::move(socket));
  }
  return listening->sockets.empty() ? not_here : std::error_code();
}

std::error_code ListenOnEveryInterface(int port, asio::io_context& io, ListenSockets* listening) {
  const auto number = static_cast<asio::ip::port_type>(port);
  const std::error_code error = ListenOnEach({tcp::endpoint(tcp::v6(), number)}, io, listening);
  return error && IsNotHere(error) ? ListenOnEach({tcp::endpoint(tcp::v4(), number)}, io, listening) : error;
}

bool IsEveryInterface(const std::string& host) {
  std::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  return !error && address.is_unspecified();
}

std::error_code ListenOnHost(const ListenAddress& address, asio::io_context& io, ListenSockets* listening) {
  if (IsEveryInterface(address.host)) return ListenOnEveryInterface(address.port, io, listening);
  std::error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(address.host, absl::StrCat(address.port), tcp::resolver::passive, error);
  if (error) return error;
  std::set<tcp::endpoint> once;
  for (const auto& entry : found) once.insert(entry.endpoint());
  for (int i = 0; i < kTries; ++i) {
    *listening = {};
    error = ListenOnEach({once.begin(), once.end()}, io, listening);
    if (address.port != 0 || error != asio::error::address_in_use) break;
  }
  return error;
}

std::error_code ListenOnPath(const std::string& path, asio::io_context& io, ListenSockets* listening) {
  const asio::local::stream_protocol::endpoint endpoint(path);
  std::error_code error;
  ListenSocket socket(io);
  socket.open(endpoint.protocol(), error);
  if (!error) socket.bind(endpoint, error);
  if (!error) socket.listen(ListenSocket::max_listen_connections, error);
  if (!error) listening->sockets.push_back(std::move(socket));
  return error;
}

}  // namespace

absl::StatusOr<ListenSockets> OpenListenSockets(const ListenAddress& address, asio::io_context& io) {
  ListenSockets listening;
  const std::error_code error = address.is_unix() ? ListenOnPath(address.unix_path, io, &listening)
                                                  : ListenOnHost(address, io, &listening);
  if (error) return absl::UnavailableError(error.message());
  return listening;
}

}  // namespace paracle::service

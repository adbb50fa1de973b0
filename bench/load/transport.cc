#include "bench/load/transport.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace paracle::load {
namespace {

std::string ErrnoText(const char* what, int error) { return absl::StrCat(what, ": ", std::strerror(error)); }

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}
  ~PlainTransport() override { close(fd_); }
  PlainTransport(const PlainTransport&) = delete;
  PlainTransport& operator=(const PlainTransport&) = delete;

  int fd() const override { return fd_; }
  bool connecting() const override { return connecting_; }

  IoResult Read(char* buffer, size_t size) override {
    const ssize_t n = recv(fd_, buffer, size, 0);
    if (n == 0) return {.over = true, .error = "closed by the server"};
    if (n < 0) return Failed("receive");
    return {.bytes = static_cast<size_t>(n), .partial = static_cast<size_t>(n) < size};
  }

  IoResult Write(std::string_view bytes) override {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) return Failed("send");
    connecting_ = false;
    return {.bytes = static_cast<size_t>(n)};
  }

 private:
  static IoResult Failed(const char* what) {
    const int error = errno;
    // ENOTCONN and EINPROGRESS: still connecting.
    if (error == EAGAIN || error == EINTR || error == ENOTCONN || error == EINPROGRESS) return {};
    return {.over = true, .error = ErrnoText(error == ECONNREFUSED ? "connect" : what, error)};
  }

  int fd_;
  bool connecting_ = true;
};

}  // namespace

absl::StatusOr<std::vector<SocketAddress>> Resolve(const Endpoint& endpoint) {
  std::vector<SocketAddress> addresses;
  if (!endpoint.unix_path.empty()) {
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, &name, sizeof(name));
    address.size = sizeof(name);
    return addresses;
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("cannot resolve ", endpoint.host, ": ", gai_strerror(error)));
  }
  const absl::Cleanup free_list = [found] { freeaddrinfo(found); };
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.size = info->ai_addrlen;
  }
  return addresses;
}

absl::StatusOr<std::unique_ptr<Transport>> ConnectPlain(const SocketAddress& address) {
  const int family = address.storage.ss_family;
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::UnavailableError(ErrnoText("socket", errno));
  auto transport = std::make_unique<PlainTransport>(fd);
  const int on = 1;
  if (family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 && errno != EINPROGRESS) {
    return absl::UnavailableError(ErrnoText("connect", errno));
  }
  return transport;
}

}  // namespace paracle::load

#include "service/port_probe.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace paracle::service {
namespace {

std::string TryBind(int family, const sockaddr* address, socklen_t size) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return strerror(errno);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  std::string why;
  if (bind(fd, address, size) != 0 || listen(fd, 1) != 0) why = strerror(errno);
  close(fd);
  return why;
}

std::string WhyNotUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const std::string why = TryBind(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  if (why.empty()) unlink(path.c_str());
  return why;
}

std::string WhyNotTcp(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = absl::StrCat(address.port);
  if (const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return gai_strerror(error);
  }
  std::string why;
  for (const addrinfo* one = found; one != nullptr && why.empty(); one = one->ai_next) {
    why = TryBind(one->ai_family, one->ai_addr, one->ai_addrlen);
  }
  freeaddrinfo(found);
  return why;
}

}  // namespace

std::string WhyNotBindable(const ListenAddress& address) {
  const std::string why = address.is_unix() ? WhyNotUnix(address.unix_path) : WhyNotTcp(address);
  return why.empty() ? "gRPC could not bind it" : why;
}

}  // namespace paracle::service

// A port for a server that has to be told one.
#ifndef PARACLE_TESTS_SUPPORT_FREE_PORT_H_
#define PARACLE_TESTS_SUPPORT_FREE_PORT_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace paracle::support {

// Nobody listens there on 127.0.0.1 now; nothing keeps anybody from it later. 0: there is none.
inline int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_FREE_PORT_H_

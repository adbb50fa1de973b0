// A port for a server that has to be told one.
#ifndef PARACLE_TESTS_SUPPORT_FREE_PORT_H_
#define PARACLE_TESTS_SUPPORT_FREE_PORT_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>

namespace paracle::support {

// Nobody listens there on 127.0.0.1 now, and no outgoing connection will be given it: it is below the range of ports
// that Linux takes for those (net.ipv4.ip_local_port_range). So a server that is started again finds it free. 0: there
// is none.
inline int FreePort() {
  std::random_device random;
  // Nodes of a Cluster listen 10,000 ports above, too.
  std::uniform_int_distribution<int> ports(10'000, 19'999);
  for (int i = 0; i < 100; ++i) {
    const int port = ports(random);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    ::close(fd);
    if (bound) return port;
  }
  return 0;
}

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_FREE_PORT_H_

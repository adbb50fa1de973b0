// What the TCP connections of this process have sent and been sent, as the kernel knows it.
#ifndef PARACLE_SERVICE_LIMITS_CONNECTION_SCAN_H_
#define PARACLE_SERVICE_LIMITS_CONNECTION_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace paracle::service {

struct ConnectionTraffic {
  uint64_t received = 0;  // Bytes, since it was opened.
  uint64_t sent = 0;      // Bytes that the peer has acknowledged.
  uint64_t waiting = 0;   // Bytes that the kernel has and the peer has not.
};

// By file descriptor: those that were accepted on one of `ports`. One that closes meanwhile may be missing.
std::map<int, ConnectionTraffic> ScanConnections(const std::set<int>& ports);

// Of two scans of the same connections, which one costs most: the one that takes nothing of what waits for it, else the
// one that was received from most in between. -1: none for which that is `least` bytes or more.
int Costliest(const std::map<int, ConnectionTraffic>& before, const std::map<int, ConnectionTraffic>& after,
              uint64_t least);

// The one that was received from most in between, of those from which it is `least` bytes or more; else -1.
int Busiest(const std::map<int, ConnectionTraffic>& before, const std::map<int, ConnectionTraffic>& after,
            uint64_t least);

// `count` of them, those from which least was received, of equal ones the last; all, if there are no more.
std::vector<int> LeastReceived(const std::map<int, ConnectionTraffic>& connections, size_t count);

// "192.0.2.1:4711" or "[2001:db8::1]:4711"; empty when it is gone.
std::string PeerOf(int fd);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_CONNECTION_SCAN_H_

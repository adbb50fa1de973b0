#include "service/limits/connection_scan.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace paracle::service {
namespace {

// Of either end of a TCP socket; nullopt: it is none.
std::optional<std::pair<std::string, int>> AddressOf(int fd, decltype(getsockname)* end) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  char text[INET6_ADDRSTRLEN] = "";
  if (end(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    return std::pair(std::string(text), int{ntohs(v4->sin_port)});
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
  const in6_addr& host = v6->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&host)) {  // On a listener for both: as everybody writes it.
    inet_ntop(AF_INET, &host.s6_addr[12], text, sizeof(text));
    return std::pair(std::string(text), int{ntohs(v6->sin6_port)});
  }
  inet_ntop(AF_INET6, &host, text, sizeof(text));
  return std::pair(absl::StrCat("[", text, "]"), int{ntohs(v6->sin6_port)});
}

std::optional<ConnectionTraffic> TrafficOf(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  constexpr uint8_t kEstablished = 1;
  if (info.tcpi_state != kEstablished) return std::nullopt;
  const uint64_t on_its_way = uint64_t{info.tcpi_unacked} * info.tcpi_snd_mss;
  return ConnectionTraffic{.received = info.tcpi_bytes_received,
                           .sent = info.tcpi_bytes_acked,
                           .waiting = info.tcpi_notsent_bytes + on_its_way};
}

}  // namespace

std::map<int, ConnectionTraffic> ScanConnections(const std::set<int>& ports) {
  std::map<int, ConnectionTraffic> connections;
  DIR* const files = opendir("/proc/self/fd");
  if (files == nullptr) return connections;
  const absl::Cleanup close_files = [files] { closedir(files); };
  while (const dirent* file = readdir(files)) {
    const int fd = atoi(file->d_name);
    const auto local = AddressOf(fd, getsockname);
    if (!local || !ports.contains(local->second)) continue;
    if (const auto traffic = TrafficOf(fd)) connections[fd] = *traffic;
  }
  return connections;
}

int Busiest(const std::map<int, ConnectionTraffic>& before, const std::map<int, ConnectionTraffic>& after,
            uint64_t least) {
  int busiest = -1;
  for (const auto& [fd, now] : after) {
    const auto it = before.find(fd);
    const uint64_t received = now.received - (it == before.end() ? 0 : it->second.received);
    if (received < least) continue;
    busiest = fd;
    least = received + 1;
  }
  return busiest;
}

int Costliest(const std::map<int, ConnectionTraffic>& before, const std::map<int, ConnectionTraffic>& after,
              uint64_t least) {
  int costliest = -1;
  std::pair<uint64_t, uint64_t> most;
  for (const auto& [fd, now] : after) {
    const auto it = before.find(fd);
    const ConnectionTraffic then = it == before.end() ? ConnectionTraffic{} : it->second;
    const bool takes_nothing = now.waiting >= least && then.waiting >= least && now.sent == then.sent;
    const std::pair<uint64_t, uint64_t> cost{takes_nothing ? now.waiting : 0, now.received - then.received};
    if (cost <= most || (!takes_nothing && cost.second < least)) continue;
    costliest = fd;
    most = cost;
  }
  return costliest;
}

std::vector<int> LeastReceived(const std::map<int, ConnectionTraffic>& connections, size_t count) {
  std::vector<std::pair<uint64_t, int>> by_received;  // And by the number, downwards.
  by_received.reserve(connections.size());
  for (const auto& [fd, traffic] : connections) by_received.emplace_back(traffic.received, -fd);
  count = std::min(count, by_received.size());
  std::partial_sort(by_received.begin(), by_received.begin() + static_cast<ptrdiff_t>(count), by_received.end());
  std::vector<int> least;
  for (size_t i = 0; i < count; ++i) least.push_back(-by_received[i].second);
  return least;
}

std::string PeerOf(int fd) {
  const auto peer = AddressOf(fd, getpeername);
  return peer ? absl::StrCat(peer->first, ":", peer->second) : "";
}

}  // namespace paracle::service

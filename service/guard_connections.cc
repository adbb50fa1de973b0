#include "service/guard_connections.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "service/grpc_threads.h"
#include "service/limits/probe_watch.h"
#include "service/limits/turn_watch.h"
#include "service/logging.h"

namespace paracle::service {
namespace {

// 0: without a limit.
int64_t MostBytes(const Config& config) {
  if (config.connection_bytes == 0) return 0;
  int64_t most = 0;
  for (int64_t part : {config.max_bytes, config.recording_bytes, config.connection_bytes}) {
    most += std::min(part, int64_t{1} << 60);  // Sizes have no upper limit, sums do.
  }
  return most;
}

std::vector<ConnectionGuard::Watch> WatchThreads(const Server& server) {
  // Within gRPC, with all that it does for connections: longer than it takes to read what one has in flight.
  constexpr std::chrono::milliseconds kLongest{250};
  const auto data_plane = std::make_shared<TurnWatch>(server.Turns(), kLongest);
  const auto executor = std::make_shared<ProbeWatch>(AskExecutor, kLongest);
  const auto callbacks = std::make_shared<ProbeWatch>(AskCallbackThreads, kLongest);
  return {[data_plane] { return data_plane->HeldUp(); }, [executor] { return executor->HeldUp(); },
          [callbacks] { return callbacks->HeldUp(); }};
}

std::set<int> PortsOf(const Server& server) {
  std::set<int> ports;
  for (const std::string& address : server.addresses()) {
    const absl::string_view port = absl::string_view(address).substr(address.rfind(':') + 1);
    if (int number; absl::SimpleAtoi(port, &number)) ports.insert(number);
  }
  return ports;
}

void LogClosed(const std::string& peer, ConnectionGuard::Reason reason) {
  const bool memory = reason == ConnectionGuard::Reason::kMemory;
  Log(LogLevel::kWarn, "connection closed",
      {{"peer", peer},
       {"why", memory ? "memory beyond PARACLE_CACHE_CONNECTION_BYTES" : "it kept a thread from all others"}});
}

}  // namespace

std::unique_ptr<ConnectionGuard> GuardConnections(const Config& config, const Server& server) {
  return std::make_unique<ConnectionGuard>(MostBytes(config), WatchThreads(server), PortsOf(server), LogClosed);
}

}  // namespace paracle::service

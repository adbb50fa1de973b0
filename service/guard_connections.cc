#include "service/guard_connections.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/grpc_threads.h"
#include "service/limits/probe_watch.h"
#include "service/limits/turn_watch.h"
#include "service/logging.h"
#include "service/open_files.h"

namespace paracle::service {
namespace {

int64_t MostBytes(const Config& config) {
  if (config.connection_bytes == 0) return 0;
  int64_t most = 0;
  for (int64_t part : {config.max_bytes, config.recording_bytes, config.connection_bytes}) {
    most += std::min(part, int64_t{1} << 60);  // Sizes have no upper limit, sums do.
  }
  return most;
}

// However few files may be open, they must not run out: not for what a server needs beside connections, and not while
// there are more of those for a moment.
size_t MostConnections(const Config& config) {
  const uint64_t possible = OpenFilesLimit() / 2;
  if (config.max_connections == 0) return possible;
  return std::min<uint64_t>(config.max_connections, possible);
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

std::string WhyClosed(const ConnectionGuard::Closed& closed, size_t most_connections) {
  switch (closed.reason) {
    case ConnectionGuard::Reason::kMemory:
      return "memory beyond PARACLE_CACHE_CONNECTION_BYTES";
    case ConnectionGuard::Reason::kThread:
      return "it kept a thread from all others";
    case ConnectionGuard::Reason::kNumber:
      return absl::StrCat("more than ", most_connections, " connections (PARACLE_CACHE_MAX_CONNECTIONS, or half the ",
                          "limit of open files); with it, ", closed.others, " others");
  }
  return "";
}

}  // namespace

std::unique_ptr<ConnectionGuard> GuardConnections(const Config& config, const Server& server, ConnectionMeter* meter) {
  const ConnectionGuard::Limits limits{.bytes = MostBytes(config), .connections = MostConnections(config)};
  return std::make_unique<ConnectionGuard>(
      limits, WatchThreads(server), PortsOf(server), [limits, meter](const ConnectionGuard::Closed& closed) {
        meter->Closed(closed.reason, closed.others + 1);
        Log(LogLevel::kWarn, "connection closed",
            {{"peer", closed.peer}, {"why", WhyClosed(closed, limits.connections)}});
      });
}

}  // namespace paracle::service

// ConnectionMeter counts the connections that the guard closed (limits/connection_guard.h), by reason.
#ifndef PARACLE_SERVICE_METRICS_CONNECTION_METER_H_
#define PARACLE_SERVICE_METRICS_CONNECTION_METER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "service/limits/connection_guard.h"
#include "service/metrics/families.h"

namespace paracle::service {

// Thread-safe.
class ConnectionMeter {
 public:
  void Closed(ConnectionGuard::Reason reason, size_t count) { closed_[Index(reason)] += count; }

  void Collect(Families& families) const {
    families.Counter("paracle_cache_connections_closed_total", "Connections that took too much, by what of.");
    for (const auto& [reason, name] : kNames) {
      families.Add({{"reason", name}}, static_cast<double>(closed_[Index(reason)]));
    }
  }

 private:
  struct Name {
    ConnectionGuard::Reason reason;
    absl::string_view name;
  };
  static constexpr Name kNames[] = {{ConnectionGuard::Reason::kMemory, "memory"},
                                    {ConnectionGuard::Reason::kThread, "thread"},
                                    {ConnectionGuard::Reason::kNumber, "number"}};

  static size_t Index(ConnectionGuard::Reason reason) { return static_cast<size_t>(reason); }

  std::atomic<uint64_t> closed_[std::size(kNames)] = {};
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_CONNECTION_METER_H_

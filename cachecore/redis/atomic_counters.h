// AtomicCounters are ClientCounters while they are counted. Thread-safe.
#ifndef PARACLE_CACHECORE_REDIS_ATOMIC_COUNTERS_H_
#define PARACLE_CACHECORE_REDIS_ATOMIC_COUNTERS_H_

#include <atomic>
#include <cstdint>

#include "cachecore/redis/client.h"

namespace paracle::cachecore::redis {

struct AtomicCounters {
  using Counter = std::atomic<int64_t>;

  Counter sent{0}, timeouts{0}, late_replies{0}, error_replies{0}, connects{0}, disconnects{0}, refused{0},
      circuit_opened{0}, circuits_open{0};

  static void Count(Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

  ClientCounters Read() const {
    const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
    return {.sent = read(sent),
            .timeouts = read(timeouts),
            .late_replies = read(late_replies),
            .error_replies = read(error_replies),
            .connects = read(connects),
            .disconnects = read(disconnects),
            .refused = read(refused),
            .circuit_opened = read(circuit_opened),
            .circuits_open = read(circuits_open)};
  }
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_ATOMIC_COUNTERS_H_

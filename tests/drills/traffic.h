// Traffic is what agents do to a server: several callers look entries up at a steady rate and store what was missing,
// and every answer is looked at. It goes on from Begin until End, over faults and recoveries.
//
// Not thread-safe, but for its own callers.
#ifndef PARACLE_TESTS_DRILLS_TRAFFIC_H_
#define PARACLE_TESTS_DRILLS_TRAFFIC_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "paracle/cache/v1/cache.grpc.pb.h"
#include "tests/drills/cache_server.h"
#include "tests/drills/call_canceller.h"
#include "tests/drills/entry_pool.h"
#include "tests/drills/latencies.h"

namespace paracle::drills {

struct TrafficOptions {
  int callers = 16;
  double gets_per_second = 1'000;
  double replace_share = 0.02;  // Of Gets that hit: the entry is stored anew.
  double cancel_share = 0;      // Of Gets: the caller gives up within 5 ms.
};

struct TrafficCounts {
  int64_t gets = 0;
  int64_t memory_hits = 0;
  int64_t shared_hits = 0;
  int64_t misses = 0;
  int64_t cancelled = 0;
  int64_t failed = 0;
  int64_t wrong = 0;
  int64_t sets = 0;
  int64_t sets_shared = 0;   // Acknowledged by Redis, for a Set that ended before Curing().
  int64_t sets_refused = 0;  // The fill token is no longer good.
  int64_t sets_failed = 0;
  std::string first_failure;               // Of any call, for people.
  Latencies first_second;                  // Of Gets that began in the first second;
  Latencies after;                         // later and before Curing().
  std::optional<absl::Time> shared_again;  // The first answer from Redis to a Get that began after Cured().

  void Add(const TrafficCounts& others);
};

class Traffic {
 public:
  // Connects. Both must outlive it.
  Traffic(const CacheServer& server, EntryPool* pool, const TrafficOptions& options);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  // Call once; the first second begins.
  void Begin();

  int64_t gets() const { return gets_.load(); }
  absl::Duration Age() const { return absl::Now() - begin_; }

  // The cure begins: calls that begin later are judged by their answers alone.
  void Curing() { curing_nanos_ = absl::ToUnixNanos(absl::Now()); }
  // Redis is well: from now on the server should find its way back to it.
  void Cured() { cured_nanos_ = absl::ToUnixNanos(absl::Now()); }
  absl::Time cured() const { return absl::FromUnixNanos(cured_nanos_); }
  bool SharedAgain() const { return shared_again_; }

  // Ends the callers and waits for them.
  TrafficCounts End();

 private:
  class Caller;

  absl::Time curing() const { return absl::FromUnixNanos(curing_nanos_); }

  const TrafficOptions options_;
  EntryPool& pool_;
  absl::Time begin_;
  std::atomic<int64_t> curing_nanos_ = absl::ToUnixNanos(absl::InfiniteFuture());
  std::atomic<int64_t> cured_nanos_ = absl::ToUnixNanos(absl::InfiniteFuture());
  std::atomic<bool> shared_again_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> gets_ = 0;
  CallCanceller canceller_;
  std::vector<std::unique_ptr<cache::v1::CacheService::Stub>> stubs_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

// Stores every entry of the pool once, as fast as it goes. Throws std::runtime_error when a Set fails.
void StoreAll(const CacheServer& server, EntryPool* pool);

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_TRAFFIC_H_

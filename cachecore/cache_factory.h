// Builds the stack of tiers that the options ask for: the one place that knows their order.
#ifndef PARACLE_CACHECORE_CACHE_FACTORY_H_
#define PARACLE_CACHECORE_CACHE_FACTORY_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cachecore/background_sweeper.h"
#include "cachecore/cache.h"
#include "cachecore/clock.h"
#include "cachecore/leased_cache.h"
#include "cachecore/memory_cache.h"
#include "cachecore/recordings.h"
#include "cachecore/shared_tier.h"
#include "cachecore/stats_ledger.h"
#include "cachecore/tier_meter.h"

namespace paracle::cachecore {

struct CacheOptions {
  bool enabled = true;  // false: a DisabledCache, whatever the rest says.
  MemoryCacheOptions memory;
  absl::Duration sweep_interval = absl::Seconds(1);  // Expired entries are gone within ten of these.
  std::optional<SharedTierOptions> shared = {};      // nullopt: memory alone.
  LeaseOptions leases = {};
  RecordingLimits recordings = {};
  TierMeter* meter = nullptr;  // Null: nobody watches the tiers. Outlives the stack.

  absl::Status Validate() const;
};

// A stack and what keeps it going. Threads stop, and what is pending is answered, when it is destroyed.
struct CacheStack {
  CacheStack() = default;
  CacheStack(CacheStack&&) = default;
  CacheStack& operator=(CacheStack&&) = default;
  ~CacheStack();

  std::unique_ptr<TierState> own_state;        // Of memory alone; else the shared tier has it.
  std::unique_ptr<SharedTier> shared;          // Null: memory alone.
  std::unique_ptr<MemoryCache> memory;         // Null when the cache is switched off.
  std::unique_ptr<TieredCache> tiers;          // Null: memory alone.
  std::unique_ptr<Cache> cache;                // Never null: what is served.
  LeasedCache* leases = nullptr;               // The same; null when the cache is switched off.
  std::unique_ptr<Recordings> recordings;      // Null when the cache is switched off.
  std::unique_ptr<BackgroundSweeper> sweeper;  // Null when there is nothing to sweep. Destroyed first.
};

// INVALID_ARGUMENT, naming the field, if the options make no sense. `ledger` and `clock` must outlive the stack.
absl::StatusOr<CacheStack> MakeCache(const CacheOptions& options, StatsLedger* ledger, const Clock* clock,
                                     SharedTierEvents events = {});

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_CACHE_FACTORY_H_

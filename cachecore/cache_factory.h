// Builds the stack of tiers that the options ask for: the one place that knows their order.
#ifndef PARACLE_CACHECORE_CACHE_FACTORY_H_
#define PARACLE_CACHECORE_CACHE_FACTORY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cachecore/background_sweeper.h"
#include "cachecore/cache.h"
#include "cachecore/clock.h"
#include "cachecore/memory_cache.h"
#include "cachecore/stats_ledger.h"

namespace paracle::cachecore {

struct CacheOptions {
  bool enabled = true;  // false: a DisabledCache, whatever the rest says.
  MemoryCacheOptions memory;
  absl::Duration sweep_interval = absl::Seconds(1);  // Expired entries are gone within ten of these.

  absl::Status Validate() const;
};

// A stack and what keeps it going. Threads stop when it is destroyed.
struct CacheStack {
  std::unique_ptr<Cache> cache;                // Never null.
  std::unique_ptr<BackgroundSweeper> sweeper;  // Null when there is nothing to sweep. Destroyed first.
};

// INVALID_ARGUMENT, naming the field, if the options make no sense. `ledger` and `clock` must outlive the stack.
absl::StatusOr<CacheStack> MakeCache(const CacheOptions& options, StatsLedger* ledger, const Clock* clock);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_CACHE_FACTORY_H_

#include "cachecore/cache_factory.h"

#include <utility>

#include "cachecore/disabled_cache.h"
#include "cachecore/error.h"

namespace paracle::cachecore {

absl::Status CacheOptions::Validate() const {
  if (!enabled) return absl::OkStatus();
  if (sweep_interval < absl::Milliseconds(10)) {
    return InvalidField("sweep_interval", "at least 10 ms, so that sweeping does not take a processor of its own");
  }
  return memory.Validate();
}

absl::StatusOr<CacheStack> MakeCache(const CacheOptions& options, StatsLedger* ledger, const Clock* clock) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  CacheStack stack;
  if (!options.enabled) {
    stack.cache = std::make_unique<DisabledCache>();
    return stack;
  }
  auto memory = std::make_unique<MemoryCache>(options.memory, ledger, clock);
  stack.sweeper =
      std::make_unique<BackgroundSweeper>([cache = memory.get()] { cache->Sweep(); }, options.sweep_interval);
  stack.cache = std::move(memory);
  return stack;
}

}  // namespace paracle::cachecore

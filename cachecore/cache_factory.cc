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
  if (absl::Status status = memory.Validate(); !status.ok()) return status;
  return shared ? shared->Validate() : absl::OkStatus();
}

CacheStack::~CacheStack() {
  // Whoever waits for Redis is answered while the caches that answer still stand.
  if (shared != nullptr) shared->Stop();
}

absl::StatusOr<CacheStack> MakeCache(const CacheOptions& options, StatsLedger* ledger, const Clock* clock,
                                     SharedTierEvents events) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  CacheStack stack;
  if (!options.enabled) {
    stack.cache = std::make_unique<DisabledCache>();
    return stack;
  }
  if (options.shared) {
    stack.shared = std::make_unique<SharedTier>(*options.shared, MemoryCache::MaxMarksFor(options.memory), ledger,
                                                clock, std::move(events));
    SharedTier& shared = *stack.shared;
    stack.memory = std::make_unique<MemoryCache>(options.memory, &shared.state(), ledger, clock);
    stack.cache = std::make_unique<TieredCache>(options.shared->consistency, stack.memory.get(), &shared.cache(),
                                                &shared.log(), &shared.state());
  } else {
    stack.cache = std::make_unique<MemoryCache>(options.memory, ledger, clock);
  }
  MemoryCache* const memory = options.shared ? stack.memory.get() : static_cast<MemoryCache*>(stack.cache.get());
  stack.sweeper = std::make_unique<BackgroundSweeper>([memory] { memory->Sweep(); }, options.sweep_interval);
  return stack;
}

}  // namespace paracle::cachecore

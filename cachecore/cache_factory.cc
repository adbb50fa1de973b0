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
  if (recordings != nullptr) recordings->Close();
  if (leases != nullptr && cache != nullptr) leases->Close();
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
  Cache* tiers = nullptr;
  TierState* state = nullptr;
  if (options.shared) {
    stack.shared = std::make_unique<SharedTier>(*options.shared, MemoryCache::MaxMarksFor(options.memory), ledger,
                                                clock, std::move(events));
    state = &stack.shared->state();
    state->meter = options.meter;
    stack.memory = std::make_unique<MemoryCache>(options.memory, state, ledger, clock);
    stack.tiers = std::make_unique<TieredCache>(options.shared->consistency, stack.memory.get(),
                                                &stack.shared->cache(), &stack.shared->log(), state);
    tiers = stack.tiers.get();
  } else {
    stack.own_state = std::make_unique<TierState>(ledger, MemoryCache::MaxMarksFor(options.memory));
    state = stack.own_state.get();
    state->meter = options.meter;
    stack.memory = std::make_unique<MemoryCache>(options.memory, state, ledger, clock);
    tiers = stack.memory.get();
  }
  SharedLeases* const shared_leases = options.shared ? &stack.shared->leases() : nullptr;
  LeaseOptions leases = options.leases;
  if (options.shared && options.shared->consistency == Consistency::kStrict) leases.across_histories = false;
  auto leased = std::make_unique<LeasedCache>(leases, tiers, state, shared_leases, clock);
  stack.leases = leased.get();
  stack.cache = std::move(leased);
  stack.recordings = std::make_unique<Recordings>(options.recordings, stack.leases, shared_leases, clock);
  MemoryCache* const memory = stack.memory.get();
  stack.sweeper = std::make_unique<BackgroundSweeper>([memory] { memory->Sweep(); }, options.sweep_interval);
  return stack;
}

}  // namespace paracle::cachecore

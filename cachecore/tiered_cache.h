// TieredCache puts memory in front of the shared tier.
//
//   Get         memory, then Redis; what Redis had is kept in memory for the life it has left
//   Set         both; the answer says which of them acknowledged. One for a lease that Redis gave: Redis first, which
//               alone knows whether it still holds
//   Invalidate  a mark in the shared sequence; memory is freed at once, Redis behind
//
// Without Redis, memory goes on. A hit is then marked degraded once invalidations made elsewhere may not be known here;
// with strict consistency nothing is served from memory from that moment on. An Invalidate that Redis could not be told
// is UNAVAILABLE, and applied here all the same.
//
// Thread-safe; never blocks on I/O. An Invalidate walks the entries in memory on the caller's thread.
#ifndef PARACLE_CACHECORE_TIERED_CACHE_H_
#define PARACLE_CACHECORE_TIERED_CACHE_H_

#include "cachecore/cache.h"
#include "cachecore/mark_log.h"
#include "cachecore/memory_cache.h"
#include "cachecore/redis_cache.h"
#include "cachecore/tier_state.h"

namespace paracle::cachecore {

enum class Consistency { kAvailable, kStrict };

class TieredCache final : public Cache {
 public:
  // All must outlive it, and have `state` in common.
  TieredCache(Consistency consistency, MemoryCache* memory, RedisCache* shared, MarkLog* log, TierState* state)
      : strict_(consistency == Consistency::kStrict), memory_(*memory), shared_(*shared), log_(*log), state_(*state) {}

  void Get(const EntryId& id, absl::Time deadline, GetDone done) override;
  void Set(const EntrySpec& spec, absl::Time deadline, SetDone done) override;
  void Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) override;
  Usage GetUsage() const override { return memory_.GetUsage(); }

 private:
  bool MemoryServes() const { return !strict_ || log_.fresh(); }
  GetOutcome Promote(EntryHandle entry);
  void SetLeased(const EntrySpec& spec, absl::Time deadline, SetDone done);
  void KeepLeased(const EntryHandle& entry, bool in_shared, SetDone done);
  void CountOnly(const InvalidationTarget& target, InvalidateDone done);
  void DropFromShared(const InvalidationTarget& target, InvalidateOutcome outcome, InvalidateDone done);

  const bool strict_;
  MemoryCache& memory_;
  RedisCache& shared_;
  MarkLog& log_;
  TierState& state_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_TIERED_CACHE_H_

// MemoryCache is the memory tier: a sharded LRU of refcounted entries under a limit of entries and one of bytes.
//
// Thread-safe; never blocks on I/O; every callback runs before the call returns. A hit copies nothing. Does not
// survive a restart.
//
// Eviction: with an entry limit up to 65,536, exactly the least recently used one goes. With a larger limit (or none,
// and at least 64 MiB) entries are spread over 64 shards, and at most 3 % of what should stay goes in its place
// (BlurTest; 0.9 % was the worst it measured).
// Shares: a namespace that would go beyond its own evicts its own least recently used entries, never another's. Between
// namespaces with shares of their own, which entry was used longest ago is known to 4 ms.
// Expiry: decided at every read on the monotonic clock; Sweep() reclaims what nobody reads.
#ifndef PARACLE_CACHECORE_MEMORY_CACHE_H_
#define PARACLE_CACHECORE_MEMORY_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cachecore/cache.h"
#include "cachecore/clock.h"
#include "cachecore/memory_shares.h"
#include "cachecore/mutex.h"
#include "cachecore/stats_ledger.h"
#include "cachecore/tier_state.h"

namespace paracle::cachecore {

struct MemoryCacheOptions {
  size_t max_entries = 1000;     // 0: no limit by number.
  size_t max_bytes = 256 << 20;  // Payloads, keys and bookkeeping; at least 64 KiB.
  MemoryShareRules shares = {};  // How much of both a namespace may hold.

  absl::Status Validate() const;
};

namespace internal {
struct Moment;
class Budget;
class Removed;
class Shard;
class Walk;
}  // namespace internal

class MemoryCache final : public Cache {
 public:
  // REQUIRES: options.Validate().ok(); ledger and clock outlive the cache. Entry handles may outlive it.
  MemoryCache(const MemoryCacheOptions& options, StatsLedger* ledger, const Clock* clock);

  // One of several tiers that have `state` in common, whose bytes count here. REQUIRES: `state` outlives the cache.
  MemoryCache(const MemoryCacheOptions& options, TierState* state, StatsLedger* ledger, const Clock* clock);
  ~MemoryCache() override;

  void Get(const EntryId& id, absl::Time deadline, GetDone done) override;
  void Set(const EntrySpec& spec, absl::Time deadline, SetDone done) override;
  void Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) override;
  Usage GetUsage() const override;

  // The same without callbacks: how tiers above, and hot paths, use it.
  std::optional<Hit> Lookup(const EntryId& id);
  absl::StatusOr<SetOutcome> Store(const EntrySpec& spec);
  InvalidateOutcome Remove(const InvalidationTarget& target, bool dry_run);
  FillToken CurrentFillToken() const;

  // In two steps: an entry that is ready to be stored later, when `spec` is gone; stored as by Store(spec).
  EntryHandle Make(const EntrySpec& spec, FillToken begun) const;
  absl::StatusOr<SetOutcome> Store(const EntryHandle& entry);

  // Takes in an entry that another tier had, with the life it has left, unless one is here: that may be newer. Counts
  // no Set. False: none is here now, as it is not valid any more, has expired or is too large. REQUIRES: it was made
  // with the labels of this cache's TierState.
  bool Promote(const EntryHandle& entry);

  // Drops what `target` names, without a mark: the caller has left one, or does not want any.
  InvalidateOutcome Reclaim(const InvalidationTarget& target, bool dry_run);

  // The most marks worth remembering beside a memory tier of that size.
  static size_t MaxMarksFor(const MemoryCacheOptions& options);

  // One step of reclaiming: walks a bounded share of the entries and drops those that are expired or invalid, so that
  // ten steps visit them all. Call it once a second (background_sweeper.h does). Holds no lock for longer than it
  // takes to visit 256 entries.
  void Sweep();

 private:
  MemoryCache(const MemoryCacheOptions& options, std::unique_ptr<TierState> own_state, TierState* state,
              StatsLedger* ledger, const Clock* clock);

  internal::Shard& ShardFor(uint64_t hash) const;
  uint64_t HashOf(const EntryId& id) const;
  internal::Moment Now() const;

  SetOutcome NoRoomFor(const EntryId& id);
  InvalidateOutcome RemoveByDigest(const InvalidationTarget& target, bool dry_run);
  InvalidateOutcome RemoveByWalk(const InvalidationTarget& target, bool dry_run);
  // Whether an entry of that size could be here alone.
  bool CouldHold(const Entry& entry) const;
  // Counts an entry that is about to be stored for its namespace, whose oldest ones make room for it.
  void ReserveShare(const Entry& entry, internal::Removed& removed);
  void EvictWhileOverShare(uint16_t share, internal::Removed& removed);
  void EvictWhileOver(internal::Removed& removed);
  internal::Shard* OldestShard();
  internal::Shard* OldestShardOf(uint16_t share);
  void SweepSome(size_t share) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sweep_mutex_);
  void CheckEverything();

  StatsLedger* const ledger_;
  const Clock* const clock_;
  const std::unique_ptr<TierState> own_state_;  // Null when several tiers have it in common.
  const TierState& state_;
  LabelTable& labels_;
  MarkTable& marks_;
  const std::unique_ptr<internal::Budget> budget_;
  const std::shared_ptr<MemoryShares> shares_;  // Null: no namespace has one. Labels keep it alive.
  const uint64_t seed_;
  const size_t shard_bits_;  // 0: one shard, and exact eviction.
  const std::unique_ptr<internal::Shard[]> shards_;

  Mutex sweep_mutex_;
  size_t sweep_shard_ ABSL_GUARDED_BY(sweep_mutex_) = 0;
  size_t pass_entries_ ABSL_GUARDED_BY(sweep_mutex_) = 0;  // Stored when the present pass began.
  uint64_t pass_start_ ABSL_GUARDED_BY(sweep_mutex_) = 0;  // The newest mark when the present pass began.
  std::unique_ptr<internal::Walk> sweep_walk_ ABSL_GUARDED_BY(sweep_mutex_);
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MEMORY_CACHE_H_

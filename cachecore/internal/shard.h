// Shard is one lock of the memory tier with what it guards: a table of entries and their order of use.
//
// Every call takes the lock once. What is taken out goes into the caller's Removed, which frees it behind the lock.
#ifndef PARACLE_CACHECORE_INTERNAL_SHARD_H_
#define PARACLE_CACHECORE_INTERNAL_SHARD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "cachecore/cache.h"
#include "cachecore/entry.h"
#include "cachecore/internal/budget.h"
#include "cachecore/internal/lru_list.h"
#include "cachecore/internal/removed.h"
#include "cachecore/internal/share_orders.h"
#include "cachecore/mark_table.h"
#include "cachecore/mutex.h"

namespace paracle::cachecore::internal {

// How far a walk through a shard has come.
class Walk {
 public:
  Walk() = default;
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  size_t visited() const { return visited_; }  // Entries so far.

 private:
  friend class Shard;
  LruNode bookmark_;  // In the list between two steps.
  size_t order_ = 0;  // Which of the lists.
  bool started_ = false;
  size_t visited_ = 0;
};

// The moment of a call, in the units that a shard needs.
struct Moment {
  int64_t nanos = 0;  // Clock::MonotonicNanos().
  uint32_t tick = 1;  // The same in 4 ms; never 0.
};

class alignas(64) Shard {
 public:
  // What to do with an entry that a walk has met.
  enum class Verdict { kKeep, kExpired, kInvalidated };

  Shard() = default;
  ~Shard();

  // Before anything else. `shared_order`: other shards compete for the same budget. `shares` may be null.
  void Init(uint64_t seed, bool shared_order, Budget* budget, MemoryShares* shares, const MarkTable* marks);

  static uint64_t HashOf(const Digest& digest, uint64_t ns_hash, uint64_t seed);

  // An entry found expired is taken out; one found invalid is left to the walk that counts it.
  std::optional<Hit> Lookup(const EntryId& id, uint64_t hash, Moment now, Removed& removed);

  // Replaces what had the same name. False, and nothing changed, if `entry` is not valid any more.
  // Without `shared_order`, evicts until the budget holds; this may take `entry` itself. What was counted for its share
  // is given back if it does not come in.
  // With kKeep, an entry that is there and may be served stays, and that is all.
  enum class IfPresent { kReplace, kKeep };
  bool Insert(const EntryHandle& entry, uint64_t hash, Moment now, IfPresent if_present, Removed& removed);

  // Takes out the entry of that name, if it is there and neither expired nor (unless it is the reason) invalid.
  bool Remove(const EntryId& id, uint64_t hash, Moment now, RemovalReason reason, Removed& removed);
  bool Contains(const EntryId& id, uint64_t hash, Moment now);

  // Takes out the least recently used entry. False: there is none.
  bool EvictOldest(Removed& removed);

  // The same among the entries of one share.
  bool EvictOldestOf(uint16_t share, Removed& removed);

  // Shows up to `limit` entries to `judge`, in each share from the most recently used on, going on where `walk` stands.
  // True: that was all. What is used or stored during a walk may not be met: it was checked, and is valid, when that
  // happened.
  bool Visit(Walk& walk, size_t limit, absl::FunctionRef<Verdict(const Entry&)> judge, Removed& removed);

  // A judge for Visit: is it still to be served? Remembers that a valid entry was checked.
  Verdict Check(const Entry& entry, int64_t now_nanos) const;

  // Gives back table space that is far too large for what is left.
  void Shrink();

  // Which of two shards should give an entry up first: the one whose oldest was used longer ago; of equals, the fuller.
  // Zero when there is nothing to give. Read without the lock: a hint. Only with `shared_order`.
  uint64_t Pressure(uint32_t now_tick) const;

  // The same among the entries of one share. REQUIRES: there are shares.
  uint64_t PressureOf(uint16_t share, uint32_t now_tick) const { return share_orders_->Pressure(share, now_tick); }

 private:
  struct Key {
    const EntryId& id;
    uint64_t hash;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Key& key) const { return key.hash; }
    size_t operator()(const Entry* entry) const;
    uint64_t seed = 0;
  };
  struct Eq {
    using is_transparent = void;
    bool operator()(const Entry* a, const Entry* b) const { return a == b; }
    bool operator()(const Entry* entry, const Key& key) const;
  };
  using Table = absl::flat_hash_set<Entry*, Hash, Eq>;

  static Entry* EntryOf(LruNode* node) { return static_cast<Entry*>(node); }
  static int64_t BytesOf(size_t capacity) { return static_cast<int64_t>(capacity * (sizeof(Entry*) + 1)); }

  static std::optional<RemovalReason> ReasonFor(Verdict verdict);
  bool Revalidate(const Entry& entry) const;
  void Promote(Entry* entry, uint32_t tick) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PromoteInShare(Entry* entry, uint32_t tick) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MoveWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Stamp(Entry* entry, uint32_t tick) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LruList& OrderOf(const Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool VisitOrder(Walk& walk, LruList& order, size_t& left, absl::FunctionRef<Verdict(const Entry&)> judge,
                  Removed& removed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LruNode* Oldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool EvictOf(uint16_t share, Removed& removed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unreserve(const Entry& entry);
  void PutIn(Entry* entry, uint32_t tick) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MakeTableRoom(Removed& removed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Evict(Removed& removed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeOut(Entry* entry, std::optional<RemovalReason> reason, Removed& removed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // 0: as small as the entries allow.
  void Resize(size_t slots) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  bool shared_order_ = false;
  Budget* budget_ = nullptr;
  MemoryShares* shares_ = nullptr;  // Null: nobody has one.
  const MarkTable* marks_ = nullptr;
  Table table_ ABSL_GUARDED_BY(mutex_);    // Holds one reference to each entry.
  LruList order_ ABSL_GUARDED_BY(mutex_);  // Of what has no share.
  // Of what has one. Null: nobody has. Changed under the lock; PressureOf alone reads without it.
  std::unique_ptr<ShareOrders> share_orders_;

  // A generation lasts for as many moves to the front of order_ as make up 1/16 of the entries. So what was moved in
  // this generation or the one before is among the newest 1/8, and need not be moved again.
  uint16_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t moves_ ABSL_GUARDED_BY(mutex_) = 0;  // In this generation.

  // Used, but not moved yet. REQUIRES: MoveWaiting() before anything is taken out or order_ is read.
  std::array<Entry*, 8> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_count_ ABSL_GUARDED_BY(mutex_) = 0;

  std::atomic<uint64_t> published_ = 0;  // The tick of the oldest entry, and below it the number of entries.
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_SHARD_H_

#include "cachecore/memory_cache.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/internal/budget.h"
#include "cachecore/internal/removed.h"
#include "cachecore/internal/shard.h"

namespace paracle::cachecore {
namespace {

using internal::Removed;
using internal::Shard;
using internal::Walk;
using Kind = InvalidationTarget::Kind;

constexpr size_t kMinBytes = 64 << 10;
constexpr size_t kMaxExactEntries = 65'536;
constexpr size_t kMinShardedBytes = 64 << 20;  // A smaller cache is not worth the blur.
constexpr size_t kShardBits = 6;
constexpr size_t kMaxMarks = 65'536;
constexpr size_t kStep = 256;  // Entries visited under one hold of a lock.
constexpr size_t kSweepsPerPass = 10;
constexpr int kTickShift = 22;  // 4.2 ms.

uint64_t Random64() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

size_t ShardBitsFor(const MemoryCacheOptions& options) {
  const bool many = options.max_entries == 0 || options.max_entries > kMaxExactEntries;
  return many && options.max_bytes >= kMinShardedBytes ? kShardBits : 0;
}

std::shared_ptr<MemoryShares> SharesFor(const MemoryCacheOptions& options) {
  if (!options.shares.any()) return nullptr;
  return std::make_shared<MemoryShares>(options.shares, options.max_entries, options.max_bytes);
}

bool Concerns(const InvalidationTarget& target, const Entry& entry) {
  if (entry.label().ns() != target.ns) return false;
  switch (target.kind) {
    case Kind::kNamespace:
      return true;
    case Kind::kModel:
      return entry.label().model() == target.value;
    case Kind::kTag:
      return std::find(entry.tags().begin(), entry.tags().end(), target.value) != entry.tags().end();
    case Kind::kDigest:
      break;
  }
  return entry.digest() == target.digest;
}

}  // namespace

absl::Status MemoryCacheOptions::Validate() const {
  if (max_bytes < kMinBytes) {
    return InvalidField("max_bytes", absl::StrCat(max_bytes, " bytes: at least ", kMinBytes, " (64 KiB) are needed"));
  }
  return absl::OkStatus();
}

// At most an eighth of the bytes, however many invalidations there are.
size_t MemoryCache::MaxMarksFor(const MemoryCacheOptions& options) {
  return std::min(kMaxMarks, options.max_bytes / 8 / MarkTable::kBytesPerMark);
}

MemoryCache::MemoryCache(const MemoryCacheOptions& options, StatsLedger* ledger, const Clock* clock)
    : MemoryCache(options, std::make_unique<TierState>(ledger, MaxMarksFor(options)), nullptr, ledger, clock) {}

MemoryCache::MemoryCache(const MemoryCacheOptions& options, TierState* state, StatsLedger* ledger, const Clock* clock)
    : MemoryCache(options, nullptr, state, ledger, clock) {}

MemoryCache::MemoryCache(const MemoryCacheOptions& options, std::unique_ptr<TierState> own_state, TierState* state,
                         StatsLedger* ledger, const Clock* clock)
    : ledger_(ledger),
      clock_(clock),
      own_state_(std::move(own_state)),
      state_(own_state_ != nullptr ? *own_state_ : *state),
      labels_(own_state_ != nullptr ? own_state_->labels : state->labels),
      marks_(own_state_ != nullptr ? own_state_->marks : state->marks),
      budget_(std::make_unique<internal::Budget>(options.max_entries, options.max_bytes, &labels_, &marks_)),
      shares_(SharesFor(options)),
      seed_(Random64()),
      shard_bits_(ShardBitsFor(options)),
      shards_(std::make_unique<Shard[]>(size_t{1} << shard_bits_)) {
  if (shares_ != nullptr) labels_.UseShares(shares_);
  for (size_t i = 0; i < size_t{1} << shard_bits_; ++i) {
    shards_[i].Init(seed_, shard_bits_ != 0, budget_.get(), shares_.get(), &marks_);
  }
}

MemoryCache::~MemoryCache() = default;

void MemoryCache::Get(const EntryId& id, absl::Time deadline, GetDone done) {
  const FillToken begun = CurrentFillToken();
  const TierTimer timer(state_.meter, Tier::kMemory, TierOperation::kGet);
  std::optional<Hit> hit = Lookup(id);
  timer.Count(hit ? TierResult::kHit : TierResult::kMiss);
  if (hit) {
    std::move(done)(*std::move(hit));
  } else {
    std::move(done)(Miss{.fill_token = begun});
  }
}

void MemoryCache::Set(const EntrySpec& spec, absl::Time deadline, SetDone done) {
  const TierTimer timer(state_.meter, Tier::kMemory, TierOperation::kSet);
  absl::StatusOr<SetOutcome> outcome = Store(spec);
  timer.CountStored(outcome);
  std::move(done)(std::move(outcome));
}

void MemoryCache::Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) {
  std::move(done)(Remove(target, dry_run));
}

Usage MemoryCache::GetUsage() const { return budget_->Read(); }

std::optional<Hit> MemoryCache::Lookup(const EntryId& id) {
  const uint64_t hash = HashOf(id);
  Removed removed(ledger_);
  return ShardFor(hash).Lookup(id, hash, Now(), removed);
}

FillToken MemoryCache::CurrentFillToken() const { return marks_.Now(); }

absl::StatusOr<SetOutcome> MemoryCache::Store(const EntrySpec& spec) {
  const FillToken begun = spec.fill_token.value_or(CurrentFillToken());
  const MarkSubject subject{.ns = spec.id.ns, .digest = spec.id.digest, .model = spec.model, .tags = spec.tags};
  if (!marks_.Validate(subject, begun)) return StaleFillToken();

  if (static_cast<int64_t>(Entry::SizeFor(spec)) > budget_->max_bytes()) return NoRoomFor(spec.id);
  return Store(Make(spec, begun));
}

EntryHandle MemoryCache::Make(const EntrySpec& spec, FillToken begun) const {
  return Entry::Create(spec, begun, labels_, *clock_);
}

// The caller has replaced the old answer, even if there is no room for the new one.
SetOutcome MemoryCache::NoRoomFor(const EntryId& id) {
  const uint64_t hash = HashOf(id);
  Removed removed(ledger_);
  ShardFor(hash).Remove(id, hash, Now(), RemovalReason::kCapacity, removed);
  return {};
}

absl::StatusOr<SetOutcome> MemoryCache::Store(const EntryHandle& entry) {
  const EntryId id{.ns = entry->label().ns(), .digest = entry->digest()};
  if (!CouldHold(*entry)) return NoRoomFor(id);
  const uint64_t hash = HashOf(id);
  Removed removed(ledger_);
  ReserveShare(*entry, removed);
  if (!ShardFor(hash).Insert(entry, hash, Now(), Shard::IfPresent::kReplace, removed)) return StaleFillToken();
  EvictWhileOverShare(entry->label().share(), removed);
  EvictWhileOver(removed);
  ledger_->RecordSet(entry->label().row(), entry->origin());
  SetOutcome outcome;
  if (removed.Contains(entry.get())) return outcome;
  outcome.expire_time = entry->expire_time();
  outcome.stored_in_memory = true;
  return outcome;
}

InvalidateOutcome MemoryCache::Remove(const InvalidationTarget& target, bool dry_run) {
  if (!dry_run) {
    if (marks_.full()) CheckEverything();
    marks_.Add(target);  // Before the walk: what is stored behind its back is checked against the mark.
    Removed removed(ledger_);
    EvictWhileOver(removed);  // The mark takes bytes too.
  }
  return Reclaim(target, dry_run);
}

InvalidateOutcome MemoryCache::Reclaim(const InvalidationTarget& target, bool dry_run) {
  return target.kind == Kind::kDigest ? RemoveByDigest(target, dry_run) : RemoveByWalk(target, dry_run);
}

bool MemoryCache::Promote(const EntryHandle& entry) {
  if (!CouldHold(*entry)) return false;
  if (entry->expires_nanos() <= clock_->MonotonicNanos()) return false;
  const uint64_t hash = Shard::HashOf(entry->digest(), entry->label().ns_hash(), seed_);
  Removed removed(ledger_);
  ReserveShare(*entry, removed);
  if (!ShardFor(hash).Insert(entry, hash, Now(), Shard::IfPresent::kKeep, removed)) return false;
  EvictWhileOverShare(entry->label().share(), removed);
  EvictWhileOver(removed);
  return !removed.Contains(entry.get());
}

InvalidateOutcome MemoryCache::RemoveByDigest(const InvalidationTarget& target, bool dry_run) {
  const EntryId id{.ns = target.ns, .digest = target.digest};
  const uint64_t hash = HashOf(id);
  Shard& shard = ShardFor(hash);
  Removed removed(ledger_);
  const bool found =
      dry_run ? shard.Contains(id, hash, Now()) : shard.Remove(id, hash, Now(), RemovalReason::kInvalidated, removed);
  return {.removed = found ? 1 : 0};
}

InvalidateOutcome MemoryCache::RemoveByWalk(const InvalidationTarget& target, bool dry_run) {
  InvalidateOutcome outcome;
  const int64_t now = clock_->MonotonicNanos();
  const auto judge = [&](const Entry& entry) {
    if (!Concerns(target, entry)) return Shard::Verdict::kKeep;
    if (entry.expires_nanos() <= now) return Shard::Verdict::kExpired;
    ++outcome.removed;
    return dry_run ? Shard::Verdict::kKeep : Shard::Verdict::kInvalidated;
  };
  for (size_t i = 0; i < size_t{1} << shard_bits_; ++i) {
    Walk walk;
    for (bool all = false; !all;) {
      Removed removed(ledger_);
      all = shards_[i].Visit(walk, kStep, judge, removed);
    }
  }
  return outcome;
}

bool MemoryCache::CouldHold(const Entry& entry) const {
  const auto bytes = static_cast<int64_t>(entry.charge());
  return bytes <= budget_->max_bytes() && (shares_ == nullptr || shares_->Fits(entry.label().share(), bytes));
}

void MemoryCache::ReserveShare(const Entry& entry, Removed& removed) {
  if (shares_ == nullptr) return;
  shares_->Charge(entry.label().share(), 1, static_cast<int64_t>(entry.charge()));
  // A single shard does it itself, once what is replaced is out.
  if (shard_bits_ != 0) EvictWhileOverShare(entry.label().share(), removed);
}

void MemoryCache::EvictWhileOverShare(uint16_t share, Removed& removed) {
  while (shares_ != nullptr && shares_->Over(share)) {
    Shard* const oldest = OldestShardOf(share);
    // Nothing to evict: others are about to store what was counted, and will look again.
    if (oldest == nullptr || !oldest->EvictOldestOf(share, removed)) return;
  }
}

void MemoryCache::EvictWhileOver(Removed& removed) {
  while (budget_->Over()) {
    Shard* const oldest = OldestShard();
    if (oldest == nullptr || (!oldest->EvictOldest(removed) && shard_bits_ == 0)) return;
  }
}

internal::Shard* MemoryCache::OldestShard() {
  if (shard_bits_ == 0) return &shards_[0];
  const uint32_t now = Now().tick;
  Shard* oldest = nullptr;
  uint64_t most = 0;
  for (size_t i = 0; i < size_t{1} << shard_bits_; ++i) {
    const uint64_t pressure = shards_[i].Pressure(now);
    if (pressure <= most) continue;
    oldest = &shards_[i];
    most = pressure;
  }
  return oldest;
}

internal::Shard* MemoryCache::OldestShardOf(uint16_t share) {
  if (shard_bits_ == 0) return &shards_[0];
  const uint32_t now = Now().tick;
  Shard* oldest = nullptr;
  uint64_t most = 0;
  for (size_t i = 0; i < size_t{1} << shard_bits_; ++i) {
    const uint64_t pressure = shards_[i].PressureOf(share, now);
    if (pressure <= most) continue;
    oldest = &shards_[i];
    most = pressure;
  }
  return oldest;
}

void MemoryCache::Sweep() {
  {
    MutexLock lock(sweep_mutex_);
    SweepSome(kSweepsPerPass);
  }
  Removed removed(ledger_);
  EvictWhileOver(removed);  // Marks that were learnt from elsewhere take bytes too.
}

// One `share`-th of a pass, or what is left of it.
void MemoryCache::SweepSome(size_t share) {
  if (sweep_walk_ == nullptr && sweep_shard_ == 0) {
    pass_start_ = marks_.latest();
    pass_entries_ = static_cast<size_t>(budget_->entries());
  }
  const int64_t now = clock_->MonotonicNanos();
  for (size_t left = pass_entries_ / share + 1; left > 0;) {
    if (sweep_walk_ == nullptr) sweep_walk_ = std::make_unique<Walk>();
    Shard& shard = shards_[sweep_shard_];
    Removed removed(ledger_);
    const auto judge = [&](const Entry& entry) { return shard.Check(entry, now); };
    const size_t before = sweep_walk_->visited();
    const bool all = shard.Visit(*sweep_walk_, std::min(kStep, left), judge, removed);
    left -= sweep_walk_->visited() - before;
    if (!all) continue;
    shard.Shrink();
    sweep_walk_.reset();
    sweep_shard_ = (sweep_shard_ + 1) & ((size_t{1} << shard_bits_) - 1);
    if (sweep_shard_ != 0) continue;
    if (marks_.nearly_full()) marks_.FoldOldest(pass_start_);
    return;
  }
}

// The marks are full before the sweeper came round: does its work at once.
void MemoryCache::CheckEverything() {
  MutexLock lock(sweep_mutex_);
  // The pass under way may have begun before the oldest mark; the one after it has not.
  for (int pass = 0; pass < 2 && marks_.full(); ++pass) {
    do {
      SweepSome(1);
    } while (sweep_walk_ != nullptr || sweep_shard_ != 0);
  }
}

internal::Shard& MemoryCache::ShardFor(uint64_t hash) const {
  return shards_[shard_bits_ == 0 ? 0 : hash >> (64 - shard_bits_)];
}

uint64_t MemoryCache::HashOf(const EntryId& id) const {
  return Shard::HashOf(id.digest, LabelTable::HashOfNamespace(id.ns), seed_);
}

internal::Moment MemoryCache::Now() const {
  const int64_t nanos = clock_->MonotonicNanos();
  const uint32_t tick = static_cast<uint32_t>(nanos >> kTickShift);
  return {.nanos = nanos, .tick = tick == 0 ? 1 : tick};
}

}  // namespace paracle::cachecore

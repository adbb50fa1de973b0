#include "cachecore/internal/shard.h"

#include <cstring>
#include <limits>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "cachecore/label_table.h"

namespace paracle::cachecore::internal {
namespace {

uint64_t Load64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// So small a table may always be had, even where other shards hold all the bytes.
constexpr size_t kFreeSlots = 63;

MarkSubject SubjectOf(const Entry& entry) {
  return {.ns = entry.label().ns(), .digest = entry.digest(), .model = entry.label().model(), .tags = entry.tags()};
}

}  // namespace

// Digests are the caller's choice, so both factors are mixed with what callers cannot know.
uint64_t Shard::HashOf(const Digest& digest, uint64_t ns_hash, uint64_t seed) {
  const unsigned __int128 product = static_cast<unsigned __int128>(Load64(&digest.bytes[0]) ^ seed) *
                                    (Load64(&digest.bytes[8]) ^ ns_hash ^ (seed >> 32 | seed << 32));
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

size_t Shard::Hash::operator()(const Entry* entry) const {
  return HashOf(entry->digest(), entry->label().ns_hash(), seed);
}

bool Shard::Eq::operator()(const Entry* entry, const Key& key) const {
  // The rest of what a lookup touches, while the digest is on its way.
  __builtin_prefetch(reinterpret_cast<const char*>(entry) + 64, 1);
  __builtin_prefetch(reinterpret_cast<const char*>(entry) + sizeof(Entry), 0);
  return entry->digest() == key.id.digest && entry->label().ns() == key.id.ns;
}

Shard::~Shard() {
  for (Entry* entry : table_) Entry::Unref(entry);
}

void Shard::Init(uint64_t seed, bool shared_order, Budget* budget, MemoryShares* shares, const MarkTable* marks) {
  shared_order_ = shared_order;
  budget_ = budget;
  shares_ = shares;
  if (shares != nullptr) share_orders_ = std::make_unique<ShareOrders>(shares->count());
  marks_ = marks;
  MutexLock lock(mutex_);
  table_ = Table(0, Hash{.seed = seed});
}

std::optional<Hit> Shard::Lookup(const EntryId& id, uint64_t hash, Moment now, Removed& removed) {
  MutexLock lock(mutex_);
  const Key key{id, hash};
  table_.prefetch(key);
  const auto it = table_.find(key, hash);
  if (it == table_.end()) return std::nullopt;
  Entry* const entry = *it;
  if (entry->expires_nanos_ <= now.nanos) {
    MoveWaiting();
    TakeOut(entry, RemovalReason::kExpired, removed);
    Publish();
    return std::nullopt;
  }
  if (!Revalidate(*entry)) return std::nullopt;
  if (entry->hits_ != std::numeric_limits<uint32_t>::max()) ++entry->hits_;
  Entry::Ref(entry);
  Promote(entry, now.tick);
  return Hit{.entry = EntryHandle::Adopt(entry), .hit_count = entry->hits_};
}

bool Shard::Insert(const EntryHandle& handle, uint64_t hash, Moment now, IfPresent if_present, Removed& removed) {
  Entry* const entry = const_cast<Entry*>(handle.get());  // The table's own reference is not const.
  const EntryId id{.ns = entry->label().ns(), .digest = entry->digest()};
  MutexLock lock(mutex_);
  MoveWaiting();
  absl::Cleanup unreserve = [this, entry] { Unreserve(*entry); };
  const std::optional<uint64_t> valid_until = marks_->Validate(SubjectOf(*entry), entry->fill_token());
  if (!valid_until) return false;
  entry->valid_from_.store(*valid_until, std::memory_order_relaxed);
  const auto it = table_.find(Key{id, hash}, hash);
  if (it != table_.end()) {
    const Verdict verdict = Check(**it, now.nanos);
    if (if_present == IfPresent::kKeep && verdict == Verdict::kKeep) return true;
    TakeOut(*it, ReasonFor(verdict), removed);
  }
  if (!shared_order_ && shares_ != nullptr) {
    while (shares_->Over(entry->label().share()) && EvictOf(entry->label().share(), removed)) {
    }
  }
  if (!MakeTableRoom(removed)) {
    removed.Add(handle, RemovalReason::kCapacity);
    return true;
  }
  std::move(unreserve).Cancel();
  PutIn(entry, now.tick);
  if (!shared_order_) {
    while (budget_->Over() && Evict(removed)) {
    }
  }
  Publish();
  return true;
}

void Shard::PutIn(Entry* entry, uint32_t tick) {
  Entry::Ref(entry);
  table_.insert(entry);
  OrderOf(*entry).PushNewest(entry);
  Stamp(entry, tick);
  if (share_orders_ != nullptr) share_orders_->Added(entry->label().share());
  budget_->Charge(1, static_cast<int64_t>(entry->charge()));
}

void Shard::Unreserve(const Entry& entry) {
  if (shares_ != nullptr) shares_->Charge(entry.label().share(), -1, -static_cast<int64_t>(entry.charge()));
}

LruList& Shard::OrderOf(const Entry& entry) {
  if (share_orders_ == nullptr || entry.label().share() == MemoryShares::kNone) return order_;
  return share_orders_->list(entry.label().share());
}

bool Shard::Remove(const EntryId& id, uint64_t hash, Moment now, RemovalReason reason, Removed& removed) {
  MutexLock lock(mutex_);
  const auto it = table_.find(Key{id, hash}, hash);
  if (it == table_.end()) return false;
  MoveWaiting();
  const bool expired = (*it)->expires_nanos_ <= now.nanos;
  TakeOut(*it, expired ? RemovalReason::kExpired : reason, removed);
  Publish();
  return !expired;
}

bool Shard::Contains(const EntryId& id, uint64_t hash, Moment now) {
  MutexLock lock(mutex_);
  const auto it = table_.find(Key{id, hash}, hash);
  return it != table_.end() && Check(**it, now.nanos) == Verdict::kKeep;
}

bool Shard::EvictOldest(Removed& removed) {
  MutexLock lock(mutex_);
  MoveWaiting();
  const bool evicted = Evict(removed);
  Publish();
  return evicted;
}

bool Shard::EvictOldestOf(uint16_t share, Removed& removed) {
  MutexLock lock(mutex_);
  const bool evicted = EvictOf(share, removed);
  Publish();
  return evicted;
}

bool Shard::Visit(Walk& walk, size_t limit, absl::FunctionRef<Verdict(const Entry&)> judge, Removed& removed) {
  MutexLock lock(mutex_);
  MoveWaiting();
  const size_t orders = share_orders_ == nullptr ? 1 : share_orders_->count();
  for (size_t left = limit; walk.order_ < orders; ++walk.order_) {
    LruList& order = walk.order_ == 0 ? order_ : share_orders_->list(walk.order_);
    if (VisitOrder(walk, order, left, judge, removed)) continue;
    Publish();
    return false;
  }
  Publish();
  return true;
}

bool Shard::VisitOrder(Walk& walk, LruList& order, size_t& left, absl::FunctionRef<Verdict(const Entry&)> judge,
                       Removed& removed) {
  LruNode* node = walk.started_ ? order.Below(&walk.bookmark_) : order.Newest();
  if (walk.started_) order.Remove(&walk.bookmark_);
  walk.started_ = false;
  while (node != nullptr && left > 0) {
    LruNode* const next = order.Below(node);
    if (!node->is_bookmark()) {
      --left;
      ++walk.visited_;
      const Verdict verdict = judge(*EntryOf(node));
      if (verdict != Verdict::kKeep) TakeOut(EntryOf(node), ReasonFor(verdict), removed);
    }
    node = next;
  }
  if (node == nullptr) return true;
  order.InsertBelow(node->newer, &walk.bookmark_);
  walk.started_ = true;
  return false;
}

Shard::Verdict Shard::Check(const Entry& entry, int64_t now_nanos) const {
  if (entry.expires_nanos_ <= now_nanos) return Verdict::kExpired;
  return Revalidate(entry) ? Verdict::kKeep : Verdict::kInvalidated;
}

void Shard::Shrink() {
  MutexLock lock(mutex_);
  if (table_.capacity() > kFreeSlots && table_.size() < table_.capacity() / 16) Resize(0);
}

uint64_t Shard::Pressure(uint32_t now_tick) const {
  const uint64_t published = published_.load(std::memory_order_relaxed);
  const uint32_t entries = static_cast<uint32_t>(published);
  return entries == 0 ? 0 : uint64_t{now_tick - static_cast<uint32_t>(published >> 32)} << 32 | entries;
}

std::optional<RemovalReason> Shard::ReasonFor(Verdict verdict) {
  switch (verdict) {
    case Verdict::kKeep:
      break;
    case Verdict::kExpired:
      return RemovalReason::kExpired;
    case Verdict::kInvalidated:
      return RemovalReason::kInvalidated;
  }
  return std::nullopt;
}

bool Shard::Revalidate(const Entry& entry) const {
  if (entry.valid_from_.load(std::memory_order_relaxed) >= marks_->latest()) return true;
  const std::optional<uint64_t> valid_until = marks_->Validate(SubjectOf(entry), entry.fill_token());
  if (!valid_until) return false;
  const_cast<Entry&>(entry).valid_from_.store(*valid_until, std::memory_order_relaxed);
  return true;
}

// With many entries, those beside `entry` in the order are seldom in the processor's cache: asks for them now, and
// moves it when they have come.
void Shard::Promote(Entry* entry, uint32_t tick) {
  if (share_orders_ != nullptr) return PromoteInShare(entry, tick);
  if (!shared_order_) return order_.MoveToNewest(entry);
  const bool young = static_cast<uint16_t>(generation_ - entry->generation_) < 2;
  if (young) return;
  Stamp(entry, tick);  // From here on it is young: nothing waits twice.
  __builtin_prefetch(entry->newer, 1);
  __builtin_prefetch(entry->older, 1);
  waiting_[waiting_count_++] = entry;
  if (waiting_count_ == waiting_.size()) {
    MoveWaiting();
    Publish();
  }
}

// At once and always: what is young among all may be the oldest of a small share.
void Shard::PromoteInShare(Entry* entry, uint32_t tick) {
  LruList& order = OrderOf(*entry);
  const bool was_oldest = order.Oldest() == entry;
  entry->stamp = tick;
  order.MoveToNewest(entry);
  if (!was_oldest) return;
  share_orders_->Publish(entry->label().share());
  Publish();
}

void Shard::MoveWaiting() {
  for (size_t i = 0; i < waiting_count_; ++i) order_.MoveToNewest(waiting_[i]);
  waiting_count_ = 0;
}

void Shard::Stamp(Entry* entry, uint32_t tick) {
  if (++moves_ > table_.size() / 16) {
    moves_ = 0;
    ++generation_;
  }
  entry->stamp = tick;
  entry->generation_ = generation_;
}

// Grows the table here and not by itself, so that its bytes are accounted for before they are taken, the old table
// beside the new one included. Below 25/32 full, Abseil cleans up in place.
bool Shard::MakeTableRoom(Removed& removed) {
  while ((table_.size() + 1) * 32 > table_.capacity() * 25) {
    const size_t larger = table_.capacity() * 2 + 1;
    if (larger <= kFreeSlots || budget_->HasRoomFor(BytesOf(larger))) {
      Resize(table_.capacity() + 1);
    } else if (!Evict(removed)) {
      return false;
    }
  }
  return true;
}

bool Shard::Evict(Removed& removed) {
  LruNode* const oldest = Oldest();
  if (oldest == nullptr) return false;
  TakeOut(EntryOf(oldest), RemovalReason::kCapacity, removed);
  return true;
}

LruNode* Shard::Oldest() {
  LruNode* const oldest = order_.Oldest();
  return share_orders_ == nullptr ? oldest : share_orders_->Older(oldest);
}

bool Shard::EvictOf(uint16_t share, Removed& removed) {
  LruNode* const oldest = share_orders_->list(share).Oldest();
  if (oldest == nullptr) return false;
  TakeOut(EntryOf(oldest), RemovalReason::kCapacity, removed);
  return true;
}

void Shard::TakeOut(Entry* entry, std::optional<RemovalReason> reason, Removed& removed) {
  OrderOf(*entry).Remove(entry);
  if (share_orders_ != nullptr) share_orders_->Removed(entry->label().share());
  Unreserve(*entry);
  const EntryId id{.ns = entry->label().ns(), .digest = entry->digest()};
  table_.erase(Key{id, table_.hash_function()(entry)});
  budget_->Charge(-1, -static_cast<int64_t>(entry->charge()));
  removed.Add(EntryHandle::Adopt(entry), reason);
}

void Shard::Resize(size_t slots) {
  const int64_t before = BytesOf(table_.capacity());
  table_.rehash(slots);
  budget_->Charge(0, BytesOf(table_.capacity()) - before);
}

void Shard::Publish() {
  if (!shared_order_) return;
  const LruNode* const oldest = Oldest();
  const uint64_t tick = oldest == nullptr ? 0 : oldest->stamp;
  published_.store(tick << 32 | static_cast<uint32_t>(table_.size()), std::memory_order_relaxed);
}

}  // namespace paracle::cachecore::internal

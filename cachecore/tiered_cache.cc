#include "cachecore/tiered_cache.h"

#include <optional>
#include <string>
#include <utility>

#include "cachecore/error.h"

namespace paracle::cachecore {

using Kind = InvalidationTarget::Kind;

void TieredCache::Get(const EntryId& id, absl::Time deadline, GetDone done) {
  // Before any tier is asked: what is invalidated while they are, the fill that follows does not know of.
  const FillToken begun = state_.marks.Now();
  if (MemoryServes()) {
    const TierTimer timer(state_.meter, Tier::kMemory, TierOperation::kGet);
    std::optional<Hit> hit = memory_.Lookup(id);
    timer.Count(hit ? TierResult::kHit : TierResult::kMiss);
    if (hit) {
      hit->degraded = !log_.fresh();
      return std::move(done)(*std::move(hit));
    }
  }
  shared_.Find(id, deadline, [this, begun, done = std::move(done)](EntryHandle entry) mutable {
    if (!entry) return std::move(done)(Miss{.fill_token = begun});
    std::move(done)(Promote(std::move(entry)));
  });
}

// Looked up again, so that it counts as used. If memory has no room for it, or it has become stale since it was judged,
// it is served all the same: the caller asked before that.
GetOutcome TieredCache::Promote(EntryHandle entry) {
  if (memory_.Promote(entry)) {
    if (std::optional<Hit> hit = memory_.Lookup({.ns = entry->label().ns(), .digest = entry->digest()})) {
      hit->tier = Tier::kShared;
      return *std::move(hit);
    }
  }
  return Hit{.entry = std::move(entry), .hit_count = 1, .tier = Tier::kShared};
}

void TieredCache::Set(const EntrySpec& spec, absl::Time deadline, SetDone done) {
  EntrySpec dated = spec;
  if (!dated.fill_token) dated.fill_token = state_.marks.Now();
  const bool leased = dated.fill_token->lease != 0 && !dated.fill_token->alone;
  if (leased && shared_.usable()) return SetLeased(dated, deadline, std::move(done));
  if (!MemoryServes()) {
    // What memory has was replaced by the caller, and must not come back when memory serves again.
    memory_.Reclaim({.ns = std::string(spec.id.ns), .kind = Kind::kDigest, .digest = spec.id.digest, .value = ""},
                    false);
    return shared_.Set(dated, deadline, std::move(done));
  }
  const TierTimer timer(state_.meter, Tier::kMemory, TierOperation::kSet);
  absl::StatusOr<SetOutcome> outcome = memory_.Store(dated);
  timer.CountStored(outcome);
  if (!outcome.ok()) return std::move(done)(std::move(outcome));
  const absl::Time expire_time = shared_.ExpireTime(spec);
  shared_.Put(dated, *dated.fill_token, deadline,
              [outcome = *std::move(outcome), expire_time, done = std::move(done)](bool stored) mutable {
                outcome.stored_in_shared = stored;
                if (stored && !outcome.stored_in_memory) outcome.expire_time = expire_time;
                std::move(done)(std::move(outcome));
              });
}

void TieredCache::SetLeased(const EntrySpec& spec, absl::Time deadline, SetDone done) {
  const FillToken token = *spec.fill_token;
  const MarkSubject subject{.ns = spec.id.ns, .digest = spec.id.digest, .model = spec.model, .tags = spec.tags};
  if (!state_.marks.Validate(subject, token)) return std::move(done)(StaleFillToken());
  // Made now, because the spec does not outlive the call.
  EntryHandle entry = memory_.Make(spec, token);
  shared_.PutLeased(spec, token, deadline,
                    [this, entry = std::move(entry), done = std::move(done)](RedisCache::LeasedPut put) mutable {
                      if (put == RedisCache::LeasedPut::kLeaseLost) return std::move(done)(LeaseLost());
                      KeepLeased(entry, put == RedisCache::LeasedPut::kStored, std::move(done));
                    });
}

void TieredCache::KeepLeased(const EntryHandle& entry, bool in_shared, SetDone done) {
  absl::StatusOr<SetOutcome> outcome = SetOutcome();
  if (MemoryServes()) {
    const TierTimer timer(state_.meter, Tier::kMemory, TierOperation::kSet);
    outcome = memory_.Store(entry);
    timer.CountStored(outcome);
  }
  if (outcome.ok()) {
    outcome->stored_in_shared = in_shared;
    if (in_shared) outcome->expire_time = entry->expire_time();
  }
  std::move(done)(std::move(outcome));
}

void TieredCache::Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) {
  if (dry_run) return CountOnly(target, std::move(done));
  // Before the mark, so that the walk is on the caller's thread; what is stored behind its back is older than the mark.
  InvalidateOutcome outcome = memory_.Reclaim(target, /*dry_run=*/false);
  log_.Add(target, [this, target, outcome, done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) {
      memory_.Remove(target, /*dry_run=*/false);
      return std::move(done)(SharedTierUnavailable(status));
    }
    DropFromShared(target, outcome, std::move(done));
  });
}

void TieredCache::CountOnly(const InvalidationTarget& target, InvalidateDone done) {
  InvalidateOutcome outcome = memory_.Reclaim(target, /*dry_run=*/true);
  if (target.kind == Kind::kDigest && outcome.removed == 0) return shared_.Invalidate(target, true, std::move(done));
  outcome.estimated = target.kind != Kind::kDigest;
  std::move(done)(outcome);
}

void TieredCache::DropFromShared(const InvalidationTarget& target, InvalidateOutcome outcome, InvalidateDone done) {
  if (target.kind != Kind::kDigest) {
    shared_.Reclaim(target);
    outcome.estimated = true;  // What only Redis had is found behind.
    return std::move(done)(outcome);
  }
  shared_.Drop({.ns = target.ns, .digest = target.digest}, [outcome, done = std::move(done)](bool found) mutable {
    if (found) outcome.removed = 1;
    std::move(done)(outcome);
  });
}

}  // namespace paracle::cachecore

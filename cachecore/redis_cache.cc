#include "cachecore/redis_cache.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cachecore/error.h"
#include "cachecore/lease_scripts.h"

namespace paracle::cachecore {
namespace {

using redis::Command;
using redis::Lane;
using redis::Reply;
using Kind = InvalidationTarget::Kind;

void Count(std::atomic<int64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

// What is left for Redis. The deadline is the caller's, on the wall clock of gRPC.
absl::Duration TimeFor(const redis::Client& client, absl::Time deadline) {
  const absl::Duration timeout = client.options().operation_timeout;
  return deadline == absl::InfiniteFuture() ? timeout : std::min(timeout, deadline - absl::Now());
}

// To a GET.
bool IsAnswer(const absl::StatusOr<Reply>& reply) { return reply.ok() && (reply->is_nil() || reply->is_string()); }

}  // namespace

void RedisCache::Get(const EntryId& id, absl::Time deadline, GetDone done) {
  const FillToken begun = state_.marks.Now();
  Find(id, deadline, [begun, done = std::move(done)](EntryHandle entry) mutable {
    if (!entry) return std::move(done)(Miss{.fill_token = begun});
    std::move(done)(Hit{.entry = std::move(entry), .hit_count = 1, .tier = Tier::kShared, .degraded = false});
  });
}

void RedisCache::Find(const EntryId& id, absl::Time deadline, FindDone done) {
  const TierTimer timer(state_.meter, Tier::kShared, TierOperation::kGet);
  if (!usable()) {
    Count(unasked_);
    timer.Count(TierResult::kSkipped);
    return std::move(done)({});
  }
  const EntryTag tag = keys_.TagOf(id);
  client_->Send(Lane::kData, Command({"GET", keys_.Entry(tag)}), TimeFor(*client_, deadline),
                [this, ns = std::string(id.ns), digest = id.digest, tag, timer,
                 done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
                  const bool answered = IsAnswer(reply);
                  EntryHandle entry = Judge({.ns = ns, .digest = digest}, tag, std::move(reply));
                  timer.Count(!answered ? TierResult::kFailed : entry ? TierResult::kHit : TierResult::kMiss);
                  std::move(done)(std::move(entry));
                });
}

EntryHandle RedisCache::Judge(const EntryId& id, const EntryTag& tag, absl::StatusOr<Reply> reply) {
  if (!IsAnswer(reply)) {
    Count(failed_);
    if (reply.ok() && !reply->is_error()) Distrust("a GET was answered with something else than a value");
    return {};
  }
  if (reply->is_nil()) return {};
  return Admit(id, tag, std::move(reply->text));
}

EntryHandle RedisCache::Admit(const EntryId& id, const EntryTag& tag, std::string bytes) {
  const absl::StatusOr<StoredEntry> stored = codec_.Decode(std::move(bytes), tag);
  if (absl::IsUnauthenticated(stored.status())) {
    Foreign();
    return {};
  }
  if (!stored.ok()) {
    Suspect(damaged_, absl::StrCat("an entry in the shared tier cannot be read: ", stored.status().message()));
    return {};
  }
  const StoredHead& head = stored->head;
  if (head.digest != id.digest || head.ns != id.ns) {
    Foreign();
    return {};
  }
  if (head.expire_time <= clock_.WallTime()) {
    Count(expired_);
    return {};
  }
  const FillToken begun = MarkTable::ToToken(head.begun);
  const MarkSubject subject{.ns = id.ns, .digest = id.digest, .model = head.model, .tags = head.tags};
  if (!state_.marks.Validate(subject, begun)) {
    Count(stale_);
    return {};
  }
  const absl::string_view payload[] = {stored->payload};
  const EntrySpec spec{.id = id,
                       .provider = head.provider,
                       .model = head.model,
                       .content_type = head.content_type,
                       .payload = payload,
                       .tags = head.tags,
                       .origin = head.origin,
                       .ttl = head.expire_time - head.create_time,
                       .fill_token = begun,
                       .create_time = head.create_time};
  return Entry::Create(spec, begun, state_.labels, clock_);
}

void RedisCache::Foreign() {
  Suspect(foreign_, "an entry in the shared tier is not of the question under whose key it lies, or was changed");
  Distrust("a GET was answered with the entry of another question");
}

void RedisCache::Suspect(std::atomic<int64_t>& counter, absl::string_view what) {
  Count(counter);
  const int64_t now = clock_.MonotonicNanos();
  if (now < quiet_until_nanos_) return;
  quiet_until_nanos_ = now + absl::ToInt64Nanoseconds(absl::Minutes(1));
  warn_(what);
}

// Replies may have shifted against their commands: then new connections help. If it is the entry itself that is wrong,
// they do not, so they are not made anew all the time.
void RedisCache::Distrust(absl::string_view why) {
  const int64_t now = clock_.MonotonicNanos();
  if (now < trusting_until_nanos_) return;
  trusting_until_nanos_ = now + absl::ToInt64Nanoseconds(absl::Seconds(10));
  client_->Distrust(why);
}

void RedisCache::Set(const EntrySpec& spec, absl::Time deadline, SetDone done) {
  const FillToken begun = spec.fill_token.value_or(state_.marks.Now());
  const MarkSubject subject{.ns = spec.id.ns, .digest = spec.id.digest, .model = spec.model, .tags = spec.tags};
  if (!state_.marks.Validate(subject, begun)) return std::move(done)(StaleFillToken());
  ledger_.RecordSet(ledger_.RowFor(spec.id.ns, spec.model), spec.origin);
  const absl::Time expire_time = ExpireTime(spec);
  Put(spec, begun, deadline, [expire_time, done = std::move(done)](bool stored) mutable {
    SetOutcome outcome;
    outcome.stored_in_shared = stored;
    if (stored) outcome.expire_time = expire_time;
    std::move(done)(outcome);
  });
}

absl::Time RedisCache::ExpireTime(const EntrySpec& spec) const {
  return clock_.WallTime() + std::min(spec.ttl, Entry::kMaxTtl);
}

void RedisCache::Put(const EntrySpec& spec, FillToken begun, absl::Time deadline, PutDone done) {
  const TierTimer timer(state_.meter, Tier::kShared, TierOperation::kSet);
  if (!usable()) {
    timer.Count(TierResult::kSkipped);
    return std::move(done)(false);
  }
  const EntryTag tag = keys_.TagOf(spec.id);
  const auto bytes = codec_.Encode(spec, tag, MarkTable::ToPosition(begun), clock_.WallTime());
  if (!bytes) return std::move(done)(false);
  const int64_t milliseconds = std::max<int64_t>(1, absl::ToInt64Milliseconds(std::min(spec.ttl, Entry::kMaxTtl)));
  client_->Send(Lane::kData, Command({"SET", keys_.Entry(tag), *bytes, "PX", absl::StrCat(milliseconds)}),
                TimeFor(*client_, deadline),
                [this, timer, done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
                  timer.Count(reply.ok() && reply->is_ok() ? TierResult::kStored : TierResult::kFailed);
                  if (reply.ok() && !reply->is_ok() && !reply->is_error()) Distrust("a SET was not answered with OK");
                  std::move(done)(reply.ok() && reply->is_ok());
                });
}

void RedisCache::PutLeased(const EntrySpec& spec, FillToken token, absl::Time deadline, LeasedPutDone done) {
  const TierTimer timer(state_.meter, Tier::kShared, TierOperation::kSet);
  if (!usable()) {
    timer.Count(TierResult::kSkipped);
    return std::move(done)(LeasedPut::kUnknown);
  }
  const auto bytes = codec_.Encode(spec, keys_.TagOf(spec.id), MarkTable::ToPosition(token), clock_.WallTime());
  if (!bytes) return std::move(done)(LeasedPut::kUnknown);
  FillLease(*client_, keys_, spec.id, token.lease, *bytes, std::min(spec.ttl, Entry::kMaxTtl),
            TimeFor(*client_, deadline), [timer, done = std::move(done)](absl::StatusOr<bool> stored) mutable {
              timer.Count(!stored.ok() ? TierResult::kFailed : *stored ? TierResult::kStored : TierResult::kRefused);
              if (!stored.ok()) return std::move(done)(LeasedPut::kUnknown);
              std::move(done)(*stored ? LeasedPut::kStored : LeasedPut::kLeaseLost);
            });
}

void RedisCache::Drop(const EntryId& id, absl::AnyInvocable<void(bool found) &&> done) {
  client_->Send(Lane::kData, Command({"UNLINK", keys_.Entry(id)}), client_->options().operation_timeout,
                [done = std::move(done)](absl::StatusOr<Reply> reply) mutable {
                  std::move(done)(reply.ok() && reply->is_integer() && reply->integer > 0);
                });
}

void RedisCache::Reclaim(const InvalidationTarget& target) { reclaimer_.Request(target.ns); }

void RedisCache::Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) {
  if (dry_run) {
    if (target.kind != Kind::kDigest) return std::move(done)(InvalidateOutcome{.removed = 0, .estimated = true});
    return Find({.ns = target.ns, .digest = target.digest}, absl::InfiniteFuture(),
                [done = std::move(done)](EntryHandle entry) mutable {
                  std::move(done)(InvalidateOutcome{.removed = entry ? 1 : 0});
                });
  }
  log_.Add(target, [this, target, done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) return std::move(done)(SharedTierUnavailable(status));
    if (target.kind != Kind::kDigest) {
      Reclaim(target);
      return std::move(done)(InvalidateOutcome{.removed = 0, .estimated = true});
    }
    Drop({.ns = target.ns, .digest = target.digest}, [done = std::move(done)](bool found) mutable {
      std::move(done)(InvalidateOutcome{.removed = found ? 1 : 0});
    });
  });
}

RedisCacheCounters RedisCache::counters() const {
  return {.foreign = foreign_,
          .damaged = damaged_,
          .expired = expired_,
          .stale = stale_,
          .unasked = unasked_,
          .failed = failed_};
}

}  // namespace paracle::cachecore

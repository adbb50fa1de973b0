#include "cachecore/leased_cache.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cachecore/error.h"

namespace paracle::cachecore {
namespace {

constexpr int64_t kMoment = 1'000'000;  // After a lease's end, by the coarse clock, nobody holds it for sure.
// Fills and invalidations that come again and again between a call's lookups; then its caller is to ask again.
constexpr int kMaxRounds = 16;

int64_t Nanos(absl::Duration duration) { return absl::ToInt64Nanoseconds(duration); }

absl::Status CannotTell() {
  return WithReason(absl::UnavailableError("whether the lease still holds cannot be told: the shared tier, or the "
                                           "server that gave it, cannot be asked; try again"),
                    kReasonSharedTierUnavailable);
}

}  // namespace

LeasedCache::LeasedCache(const LeaseOptions& options, Cache* tiers, TierState* state, SharedLeases* shared,
                         const Clock* clock)
    : options_(options),
      tiers_(*tiers),
      state_(*state),
      shared_(shared),
      clock_(*clock),
      server_(std::random_device()() | 1),
      table_(options.limits),
      next_lease_(std::random_device()()),
      alarm_("leases", clock, [this] { return OnAlarm(); }) {
  if (shared_ != nullptr) shared_->Listen(this);
}

LeasedCache::~LeasedCache() = default;

void LeasedCache::Get(LeaseCall& call) {
  call.tag_ = TagOf(call.id());
  const absl::Duration left = call.deadline - clock_.WallTime() - options_.answer_before;
  call.until_nanos_ = Now() + Nanos(std::clamp(std::min(call.wait, left), absl::ZeroDuration(), absl::Hours(1)));
  LookUp(call);
}

void LeasedCache::LookUp(LeaseCall& call) {
  call.version_ = table_.Version(call.tag_);
  ++call.rounds_;
  tiers_.Get(call.id(), call.deadline, [this, &call](GetOutcome outcome) { OnLookedUp(call, std::move(outcome)); });
}

// The first for all: what it finds in the shared tier, the others find in memory.
void LeasedCache::LookUpAll(Line line) {
  if (line.empty()) return;
  LeaseCall& first = *line.front();
  first.version_ = table_.Version(first.tag_);
  ++first.rounds_;
  tiers_.Get(first.id(), first.deadline, [this, line = std::move(line)](GetOutcome outcome) mutable {
    OnLookedUp(*line.front(), std::move(outcome));
    for (size_t i = 1; i < line.size(); ++i) LookUp(*line[i]);
  });
}

void LeasedCache::OnLookedUp(LeaseCall& call, GetOutcome outcome) {
  if (auto* hit = std::get_if<Hit>(&outcome)) {
    if (call.has_waited) coalesced_.fetch_add(1, std::memory_order_relaxed);
    Line line;
    if (call.asks_for_all_) line = table_.EndFill(call.tag_, 0, Now());
    Answer(call, std::move(*hit));
    return LookUpAll(std::move(line));
  }
  const Miss miss = std::get<Miss>(outcome);
  if (call.takes_a_miss_) return Answer(call, miss);
  Ask(call, miss.fill_token);
}

void LeasedCache::Ask(LeaseCall& call, FillToken begun) {
  if (call.cancelled() || call.rounds_ > kMaxRounds) return AnswerPending(call, Now(), absl::ZeroDuration());
  const auto held = table_.HeldHere(call.tag_, Now());
  if (held && call.awaits_ == held->token.lease && OfAnEarlierHistory(held->token)) return Wait(call, held->until);
  // Of a lease that was given alone the shared tier, should it be back, knows nothing. Of others it is asked by one on
  // behalf of those who wait, and where nobody waits yet: the lease may have ended there, and the message got lost.
  const bool known = held && (held->token.alone || (held->awaited && !call.asks_for_all_));
  if (known && Valid(call, held->token)) return Wait(call, held->until);
  if (shared_ != nullptr && shared_->usable()) return AskShared(call, begun);
  FillToken token = begun;
  token.lease = NewLease();
  token.alone = shared_ != nullptr;
  AskHere(call, token);
}

void LeasedCache::AskShared(LeaseCall& call, FillToken begun) {
  if (!table_.MayHold(call.holder)) return Answer(call, Miss{.fill_token = begun});
  FillToken token = begun;
  token.lease = NewLease();
  const LeaseQuery query{.id = call.id(),
                         .lease = token.lease,
                         .begun = MarkTable::ToPosition(begun),
                         .hold = call.hold,
                         .unusable_entry = call.unusable_entry_,
                         .dead_lease = call.dead_lease_};
  shared_->Acquire(query, [this, &call, token](absl::StatusOr<LeaseAnswer> answer) {
    OnShared(call, token, std::move(answer));
  });
}

void LeasedCache::OnShared(LeaseCall& call, FillToken token, absl::StatusOr<LeaseAnswer> answer) {
  if (!answer.ok()) {
    // It may have been given all the same, and then nobody would hold it.
    GiveBack(call.id(), token.lease);
    token.alone = true;
    return AskHere(call, token);
  }
  const int64_t now = Now();
  switch (answer->kind) {
    case LeaseAnswer::Kind::kGiven:
      table_.Record(call, token, now + Nanos(call.hold), now);
      SetAlarm();
      granted_.fetch_add(1, std::memory_order_relaxed);
      return Answer(call, Lease{.token = token, .hold = call.hold});
    case LeaseAnswer::Kind::kEntry:
      call.unusable_entry_ = std::move(answer->entry_beginning);
      return LookUp(call);
    case LeaseAnswer::Kind::kHeld:
      break;
  }
  // Begun after what is known here, perhaps in an epoch that is yet to be learnt: its replica knows better.
  const FillToken of_held = MarkTable::ToToken(answer->begun);
  const bool dead = of_held.sequence <= state_.marks.latest() && !Valid(call, of_held);
  if (dead && call.dead_lease_ != answer->lease_text) {
    call.dead_lease_ = std::move(answer->lease_text);
    return AskShared(call, token);
  }
  Wait(call, now + Nanos(answer->left));
}

void LeasedCache::AskHere(LeaseCall& call, FillToken token) {
  const int64_t now = Now();
  uint64_t dead = 0;
  while (true) {
    const LeaseTable::ClaimResult claim = table_.Claim(call, token, now + Nanos(call.hold), now, dead);
    switch (claim.result) {
      case LeaseTable::Claimed::kGiven:
        SetAlarm();
        granted_.fetch_add(1, std::memory_order_relaxed);
        if (token.alone) granted_alone_.fetch_add(1, std::memory_order_relaxed);
        return Answer(call, Lease{.token = token, .hold = call.hold});
      case LeaseTable::Claimed::kChanged:
        return LookUp(call);
      case LeaseTable::Claimed::kRefused:
        return Answer(call, Miss{.fill_token = {.epoch = token.epoch, .sequence = token.sequence}});
      case LeaseTable::Claimed::kHeld:
        break;
    }
    if (Valid(call, claim.held.token) || dead == claim.held.token.lease) return Wait(call, claim.held.until);
    dead = claim.held.token.lease;
  }
}

void LeasedCache::Wait(LeaseCall& call, int64_t held_until) {
  const int64_t now = Now();
  if (call.until_nanos_ <= now || nobody_waits_) {
    const bool would_wait = call.wait > absl::ZeroDuration();
    return AnswerPending(call, held_until, would_wait ? absl::ZeroDuration() : options_.when_not_waiting);
  }
  // Kilobytes, which it would hold as long as it waits; learnt again if they still matter.
  std::string().swap(call.unusable_entry_);
  std::string().swap(call.dead_lease_);
  call.held_until_ = held_until;
  if (options_.across_histories) NoteWhatItAwaits(call);
  // Looking now and then is not looking in vain.
  const int rounds = std::exchange(call.rounds_, 0);
  int64_t look_at = std::max(held_until, now) + kMoment;
  if (shared_ != nullptr) look_at = std::min(look_at, now + Nanos(options_.look_interval));
  switch (table_.Wait(call, look_at)) {
    case LeaseTable::Waiting::kWaiting:
      SetAlarm();
      if (nobody_waits_) StopWaiting();
      return;
    case LeaseTable::Waiting::kChanged:
      call.rounds_ = rounds;
      return LookUp(call);
    case LeaseTable::Waiting::kFull:
      return AnswerPending(call, held_until, options_.when_full);
    case LeaseTable::Waiting::kCancelled:
      return AnswerPending(call, held_until, absl::ZeroDuration());
  }
}

void LeasedCache::NoteWhatItAwaits(LeaseCall& call) {
  const auto held = table_.HeldHere(call.tag_, Now());
  if (held && held->token.lease == call.awaits_) return;
  call.awaits_ = held && Valid(call, held->token) ? held->token.lease : 0;
}

void LeasedCache::Answer(LeaseCall& call, LeaseOutcome outcome) {
  if (std::exchange(call.asks_for_all_, false)) {
    // Whoever is left in the line asks again at once, or, if this one was given the lease, when it may have ended.
    int64_t look_at = Now();
    if (const auto* lease = std::get_if<Lease>(&outcome)) {
      look_at += shared_ == nullptr ? Nanos(lease->hold) + kMoment
                                    : std::min(Nanos(lease->hold) + kMoment, Nanos(options_.look_interval));
    }
    table_.AskedForAll(call.tag_, look_at);
    SetAlarm();
  }
  call.Answer(std::move(outcome));
}

void LeasedCache::AnswerPending(LeaseCall& call, int64_t held_until, absl::Duration retry_after) {
  const absl::Duration left = absl::Nanoseconds(std::max<int64_t>(0, held_until - Now()));
  Answer(call, Pending{.expire_time = clock_.WallTime() + left, .retry_after = retry_after});
}

void LeasedCache::Renew(const EntryId& id, absl::string_view model, FillToken token, absl::Duration hold,
                        RenewDone done) {
  const EntryTag tag = TagOf(id);
  if (!Valid(id, model, token)) {
    return Release(id, token, [done = std::move(done)]() mutable { std::move(done)(LeaseLost()); });
  }
  if (!DecidedHere(token) && shared_->usable()) {
    return shared_->Renew(id, token.lease, hold, options_.max_hold,
                          [this, tag, lease = token.lease,
                           done = std::move(done)](absl::StatusOr<absl::Duration> left) mutable {
                            if (!left.ok()) return std::move(done)(CannotTell());
                            if (*left > absl::ZeroDuration()) {
                              table_.Renew(tag, lease, Now() + Nanos(*left), Now());
                              return std::move(done)(*left);
                            }
                            std::move(done)(LeaseLost());
                            Ended(tag, lease);
                          });
  }
  const int64_t now = Now();
  const int64_t given_at = table_.GivenAt(tag, token.lease);
  if (given_at == 0 && shared_ != nullptr && !OfThisServer(token.lease)) return std::move(done)(CannotTell());
  const int64_t until = std::min(now + Nanos(hold), given_at + Nanos(options_.max_hold));
  if (given_at == 0 || !table_.Renew(tag, token.lease, until, now)) return std::move(done)(LeaseLost());
  SetAlarm();
  if (until <= now) return std::move(done)(LeaseLost());
  std::move(done)(absl::Nanoseconds(until - now));
}

void LeasedCache::Release(const EntryId& id, FillToken token, ReleaseDone done) {
  auto end = [this, tag = TagOf(id), lease = token.lease, done = std::move(done)](absl::Status) mutable {
    Ended(tag, lease);
    std::move(done)();
  };
  if (DecidedHere(token) || !shared_->usable()) return std::move(end)(absl::OkStatus());
  shared_->Release(id, token.lease, std::move(end));
}

void LeasedCache::GiveBack(const EntryId& id, uint64_t lease) {
  if (shared_ != nullptr && shared_->usable()) shared_->Release(id, lease, [](absl::Status) {});
}

void LeasedCache::StopWaiting() {
  nobody_waits_ = true;
  for (LeaseCall* call : table_.TakeEverybody()) AnswerPending(*call, HeldUntil(*call), absl::ZeroDuration());
  if (LeaseObserver* observer = observer_.load(std::memory_order_acquire)) observer->OnClosing();
}

void LeasedCache::Close() {
  StopWaiting();
  alarm_.Stop();
}

void LeasedCache::Set(const EntrySpec& spec, absl::Time deadline, SetDone done) {
  const FillToken token = spec.fill_token.value_or(FillToken{});
  if (token.lease == 0) return SetAndTell(spec, deadline, std::move(done));
  if (OfAnEarlierHistory(token)) TellWhoAskedBefore(spec, token);  // The tiers refuse it.
  if (DecidedHere(token)) return SetHere(spec, deadline, std::move(done));
  if (alone()) {
    const auto held = table_.HeldHere(TagOf(spec.id), Now());
    if (held && held->token.lease != token.lease) return std::move(done)(LeaseLost());
  }
  SetAndTell(spec, deadline, std::move(done));
}

// A lease that another server gave alone is as good as its fill token: whether it still holds, nobody else can tell.
void LeasedCache::SetHere(const EntrySpec& spec, absl::Time deadline, SetDone done) {
  const uint64_t lease = spec.fill_token->lease;
  const bool of_another = shared_ != nullptr && !OfThisServer(lease);
  const LeaseTable::Fill fill = table_.BeginFill(TagOf(spec.id), lease, Now());
  if (fill == LeaseTable::Fill::kLost && !of_another) return std::move(done)(LeaseLost());
  SetAndTell(spec, deadline, std::move(done));
}

void LeasedCache::SetAndTell(const EntrySpec& spec, absl::Time deadline, SetDone done) {
  const uint64_t lease = spec.fill_token.value_or(FillToken{}).lease;
  const EntryTag tag = TagOf(spec.id);
  std::string ns = lease == 0 ? std::string() : std::string(spec.id.ns);
  tiers_.Set(spec, deadline, [this, lease, tag, ns = std::move(ns), digest = spec.id.digest,
                              done = std::move(done)](absl::StatusOr<SetOutcome> outcome) mutable {
    const bool stored = outcome.ok();
    const bool kept = stored && (outcome->stored_in_memory || outcome->stored_in_shared);
    // Elsewhere, they must not wait for what does not come.
    const bool only_here = stored && lease != 0 && !outcome->stored_in_shared;
    std::move(done)(std::move(outcome));
    if (only_here || (!stored && lease != 0)) GiveBack({.ns = ns, .digest = digest}, lease);
    if (stored) {
      Filled(tag, lease, kept);
    } else if (lease != 0) {
      Ended(tag, lease);
    }
  });
}

void LeasedCache::TellWhoAskedBefore(const EntrySpec& spec, FillToken token) {
  const Line line = table_.TakeAwaiting(TagOf(spec.id), token.lease, Now());
  if (line.empty()) return;
  const EntryHandle entry = Entry::Create(spec, token, state_.labels, clock_);
  uint32_t hits = 0;
  for (LeaseCall* call : line) {
    coalesced_.fetch_add(1, std::memory_order_relaxed);
    Answer(*call, Hit{.entry = entry, .hit_count = ++hits, .tier = Tier::kMemory, .degraded = true});
  }
}

void LeasedCache::Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) {
  if (dry_run) return tiers_.Invalidate(target, true, std::move(done));
  tiers_.Invalidate(target, false,
                    [this, target, done = std::move(done)](absl::StatusOr<InvalidateOutcome> outcome) mutable {
                      std::move(done)(std::move(outcome));
                      const bool one = target.kind == InvalidationTarget::Kind::kDigest;
                      for (LeaseCall* call :
                           one ? table_.TakeFirst(TagOf({.ns = target.ns, .digest = target.digest}))
                               : table_.TakeFirstOfEach(target.ns)) {
                        LookUp(*call);
                      }
                    });
}

void LeasedCache::OnLeaseMessage(const LeaseMessage& message) {
  const int64_t now = Now();
  switch (message.what) {
    case LeaseMessage::What::kFilled:
      return Filled(message.tag, message.lease, /*kept=*/true);
    case LeaseMessage::What::kReleased:
      return Ended(message.tag, message.lease);
    case LeaseMessage::What::kRenewed:
      table_.Renew(message.tag, message.lease, now + Nanos(message.left), now);
      return SetAlarm();
    case LeaseMessage::What::kRecorded:
      if (LeaseObserver* observer = observer_.load(std::memory_order_acquire)) {
        observer->OnRecordedElsewhere(message.tag, message.lease);
      }
      return;
  }
}

void LeasedCache::Filled(const EntryTag& tag, uint64_t lease, bool kept) {
  Line line = table_.EndFill(tag, lease, Now());
  // No use in waiting for what no tier has kept.
  for (LeaseCall* call : line) call->takes_a_miss_ = !kept;
  LookUpAll(std::move(line));
  SetAlarm();
  if (LeaseObserver* observer = observer_.load(std::memory_order_acquire)) observer->OnFilled(tag, lease);
}

void LeasedCache::Ended(const EntryTag& tag, uint64_t lease) {
  for (LeaseCall* call : table_.End(tag, lease, Now())) LookUp(*call);
  SetAlarm();
  if (LeaseObserver* observer = observer_.load(std::memory_order_acquire)) observer->OnLeaseEnded(tag, lease);
}

int64_t LeasedCache::OnAlarm() {
  LeaseTable::Due due = table_.Advance(Now());
  for (LeaseCall* call : due.over) AnswerPending(*call, HeldUntil(*call), absl::ZeroDuration());
  for (LeaseCall* call : due.ask) LookUp(*call);
  LeaseObserver* const observer = observer_.load(std::memory_order_acquire);
  for (const auto& [tag, token] : due.ended) {
    // Whether one that the shared tier gave has ended, this server alone cannot tell: it may be renewed by another.
    if (observer != nullptr && DecidedHere(token)) observer->OnLeaseEnded(tag, token.lease);
  }
  return table_.next_due();
}

// It may have been renewed since.
int64_t LeasedCache::HeldUntil(const LeaseCall& call) const {
  const auto held = table_.HeldHere(call.tag_, Now());
  return held ? held->until : call.held_until_;
}

uint64_t LeasedCache::NewLease() {
  return server_ << 32 | next_lease_.fetch_add(1, std::memory_order_relaxed);
}

bool LeasedCache::Valid(const EntryId& id, absl::string_view model, FillToken token) const {
  return state_.marks.Validate({.ns = id.ns, .digest = id.digest, .model = model, .tags = {}}, token).has_value();
}

LeaseCounters LeasedCache::counters() const {
  return {.held = static_cast<int64_t>(table_.held()),
          .waiting = static_cast<int64_t>(table_.waiting()),
          .granted = granted_.load(std::memory_order_relaxed),
          .granted_alone = granted_alone_.load(std::memory_order_relaxed),
          .coalesced = coalesced_.load(std::memory_order_relaxed),
          .alone = alone()};
}

}  // namespace paracle::cachecore

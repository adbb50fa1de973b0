// LeasedCache makes identical questions cost one model call: the first caller is given a lease, the others wait for its
// answer. It stands on top of the tiers and is what the service serves from.
//
//   Get(LeaseCall)  look up -> miss -> who holds the lease?  nobody: Lease.  somebody: wait -> look up again
//   Set with token  only while the lease holds -> the tiers -> everybody who waits looks up, and hits
//   Release, expiry, refused Set, Invalidate  -> the first who waits asks again, and is given the lease
//
// Who holds a lease is decided by the shared tier if there is one (shared_leases.h), else by this server's LeaseTable.
// While the shared tier is away, each server gives leases alone, marked so in the token. Calls that wait here hear of
// fills and releases made elsewhere by the channel, and look again twice a second in case a message is lost.
//
// P3: a lease is worth no more than its fill token. Once an invalidation concerns its question, it counts as free for
// whoever asks next, and what its holder sets is refused. When it was the history of invalidations that began anew
// (Redis lost it), nothing is known against the answer, only not enough for it: it is refused too, but whoever waited
// for it from before is answered with it, rather than making all of them wait for another call.
//
// Thread-safe; never blocks. Answers run on the caller's thread, the shared tier's, or the alarm's.
#ifndef PARACLE_CACHECORE_LEASED_CACHE_H_
#define PARACLE_CACHECORE_LEASED_CACHE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cachecore/alarm_thread.h"
#include "cachecore/cache.h"
#include "cachecore/clock.h"
#include "cachecore/lease.h"
#include "cachecore/lease_observer.h"
#include "cachecore/lease_table.h"
#include "cachecore/shared_leases.h"
#include "cachecore/tier_state.h"

namespace paracle::cachecore {

struct LeaseOptions {
  LeaseTableLimits limits;
  absl::Duration max_hold = absl::Minutes(15);              // Of one lease, renewals included.
  absl::Duration look_interval = absl::Milliseconds(500);   // Of a line, should a message be lost.
  absl::Duration answer_before = absl::Milliseconds(100);   // The caller's deadline.
  absl::Duration when_not_waiting = absl::Milliseconds(100);  // Ask again, if the caller did not want to wait;
  absl::Duration when_full = absl::Milliseconds(250);         // if there was no room to.
  // Whether who waits may be told what began in an earlier history. Not with strict consistency.
  bool across_histories = true;
};

// Since the start, of this server.
struct LeaseCounters {
  int64_t held = 0;
  int64_t waiting = 0;
  int64_t granted = 0;
  int64_t granted_alone = 0;
  int64_t coalesced = 0;  // Hits after waiting.
  bool alone = false;     // Now.
};

class LeasedCache final : public Cache, private LeaseListener {
 public:
  // All outlive it; `shared` may be null. Whoever calls back (the shared tier) is stopped before it is destroyed.
  LeasedCache(const LeaseOptions& options, Cache* tiers, TierState* state, SharedLeases* shared, const Clock* clock);
  ~LeasedCache() override;

  // `call` must live until it is answered.
  void Get(LeaseCall& call);

  // Its caller has gone: takes it out of the line if it waits. True: it was, and will not be answered.
  bool Cancel(LeaseCall& call) { return table_.Remove(call); }

  // How long the lease holds from now. FAILED_PRECONDITION with reason LEASE_LOST: it is not the caller's any more.
  // UNAVAILABLE: nobody can tell now; try again.
  using RenewDone = absl::AnyInvocable<void(absl::StatusOr<absl::Duration>) &&>;
  void Renew(const EntryId& id, absl::string_view model, FillToken token, absl::Duration hold, RenewDone done);

  // Gives a lease back; one that is lost already is nobody's business. Told when those who wait here have been.
  using ReleaseDone = absl::AnyInvocable<void() &&>;
  void Release(const EntryId& id, FillToken token, ReleaseDone done);

  // Nobody waits here any more: whoever does is told to ask again at once, perhaps another server.
  void StopWaiting();

  // The same, and the alarm is off for good: nothing begins by itself any more. Call it before the shared tier is
  // stopped.
  void Close();

  // Once, before there are calls. REQUIRES: the observer outlives all that calls back here.
  void Observe(LeaseObserver* observer) { observer_.store(observer, std::memory_order_release); }

  // Under what name the question is known here, and in the shared tier.
  EntryTag TagOf(const EntryId& id) const { return EntryTag::Of(id, state_.names); }

  // How long the lease that runs here holds, and its token; nullopt: nobody is known here to hold one.
  std::optional<LeaseTable::Held> HeldHere(const EntryTag& tag) const { return table_.HeldHere(tag, Now()); }

  // Whether an answer that began with that token may still be given.
  bool Valid(const EntryId& id, absl::string_view model, FillToken token) const;

  // A Hit that somebody else's call gave, by another way than Get.
  void CountCoalesced() { coalesced_.fetch_add(1, std::memory_order_relaxed); }

  LeaseCounters counters() const;
  absl::Duration max_hold() const { return options_.max_hold; }

  void Get(const EntryId& id, absl::Time deadline, GetDone done) override {
    tiers_.Get(id, deadline, std::move(done));
  }
  void Set(const EntrySpec& spec, absl::Time deadline, SetDone done) override;
  void Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) override;
  Usage GetUsage() const override { return tiers_.GetUsage(); }

 private:
  using Line = LeaseTable::Line;

  // The life of a call.
  void LookUp(LeaseCall& call);
  void LookUpAll(Line line);
  void OnLookedUp(LeaseCall& call, GetOutcome outcome);
  void Ask(LeaseCall& call, FillToken begun);
  void AskShared(LeaseCall& call, FillToken begun);
  void OnShared(LeaseCall& call, FillToken token, absl::StatusOr<LeaseAnswer> answer);
  void AskHere(LeaseCall& call, FillToken token);
  void Wait(LeaseCall& call, int64_t held_until);
  void NoteWhatItAwaits(LeaseCall& call);
  void Answer(LeaseCall& call, LeaseOutcome outcome);
  void AnswerPending(LeaseCall& call, int64_t held_until, absl::Duration retry_after);

  // What the rest of the server learns, and those who wait.
  void Filled(const EntryTag& tag, uint64_t lease, bool kept);
  void Ended(const EntryTag& tag, uint64_t lease);

  // The life of a fill.
  void SetHere(const EntrySpec& spec, absl::Time deadline, SetDone done);
  void SetAndTell(const EntrySpec& spec, absl::Time deadline, SetDone done);
  void TellWhoAskedBefore(const EntrySpec& spec, FillToken token);
  void GiveBack(const EntryId& id, uint64_t lease);

  void OnLeaseMessage(const LeaseMessage& message) override;
  int64_t OnAlarm();
  void SetAlarm() { alarm_.WakeBy(table_.next_due()); }

  int64_t HeldUntil(const LeaseCall& call) const;
  uint64_t NewLease();
  bool OfThisServer(uint64_t lease) const { return lease >> 32 == server_; }
  bool alone() const { return shared_ != nullptr && !shared_->usable(); }
  bool DecidedHere(FillToken token) const { return shared_ == nullptr || token.alone; }
  bool Valid(const LeaseCall& call, FillToken token) const { return Valid(call.id(), call.model, token); }
  bool OfAnEarlierHistory(FillToken token) const { return token.epoch != state_.marks.Now().epoch; }
  int64_t Now() const { return clock_.MonotonicNanos(); }

  const LeaseOptions options_;
  Cache& tiers_;
  TierState& state_;
  SharedLeases* const shared_;
  const Clock& clock_;
  const uint64_t server_;  // 32 random bits, the upper half of every lease given here.
  LeaseTable table_;
  std::atomic<LeaseObserver*> observer_ = nullptr;
  std::atomic<bool> nobody_waits_ = false;
  std::atomic<uint32_t> next_lease_;
  std::atomic<int64_t> granted_ = 0;
  std::atomic<int64_t> granted_alone_ = 0;
  std::atomic<int64_t> coalesced_ = 0;
  AlarmThread alarm_;  // Last: it uses the rest.
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_LEASED_CACHE_H_

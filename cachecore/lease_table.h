// LeaseTable knows, of one server, the leases that it gave and the calls that wait for somebody else's answer.
//
// Without a shared tier its leases are the only ones. With one, the tier says who holds a lease; the table then notes
// what was given here, so that callers of this server need not ask the tier one by one, and so that the server can go
// on alone while the tier is away.
//
// A question is in the table while it has a lease, waiting calls, or was filled a moment ago (so that a repeated Set is
// told from a late one). Its line of waiting calls is asked for by one of them at a time: TakeFirst takes it out of the
// line, and AskedForAll or Wait tells that it has asked.
//
// Lookups race with fills: whoever misses, and then comes to wait, may have missed the fill. So every question has a
// version (a few questions share one, which costs another lookup at worst) that moves with all that ends a wait; read
// it before the lookup, and Claim and Wait refuse when it has moved.
//
// Thread-safe. Calls nobody, reads no clock: `now` is Clock::MonotonicNanos.
#ifndef PARACLE_CACHECORE_LEASE_TABLE_H_
#define PARACLE_CACHECORE_LEASE_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "cachecore/entry_tag.h"
#include "cachecore/lease.h"
#include "cachecore/mutex.h"

namespace paracle::cachecore {

struct LeaseTableLimits {
  size_t max_waiters = 10'000;
  size_t max_waiters_per_namespace = 5'000;
  size_t max_leases = 65'536;  // Given by this server; beyond, lookups miss without one.
  size_t max_leases_per_holder = 4'096;
};

class LeaseTable {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // How long a filled lease is remembered, while there are not more of them than leases may be.
  static constexpr int64_t kRememberFillNanos = 10'000'000'000;

  explicit LeaseTable(const LeaseTableLimits& limits) : limits_(limits) {}
  LeaseTable(const LeaseTable&) = delete;
  LeaseTable& operator=(const LeaseTable&) = delete;

  // What is known of a lease that somebody holds.
  struct Held {
    FillToken token;
    int64_t until = 0;
    bool awaited = false;  // There is a line, which asks again and again whether it still is.
  };

  uint64_t Version(const EntryTag& tag) const;

  // Whether another lease may be given to that holder.
  bool MayHold(absl::string_view holder) const;

  // The lease that was given here and runs; nullopt: none is known of.
  std::optional<Held> HeldHere(const EntryTag& tag, int64_t now) const;

  enum class Claimed {
    kGiven,
    kHeld,     // By somebody else; `held` says more.
    kChanged,  // Look up again: the question's version has moved.
    kRefused,  // As many leases are held as may be.
  };
  struct ClaimResult {
    Claimed result = Claimed::kRefused;
    Held held;
  };
  // Gives the call the lease `token` until `until`, if nobody holds one, or the one held is `dead`.
  ClaimResult Claim(const LeaseCall& call, FillToken token, int64_t until, int64_t now, uint64_t dead);

  // Notes a lease that the shared tier gave to the call.
  void Record(const LeaseCall& call, FillToken token, int64_t until, int64_t now);

  // False: that lease is not known here (any more).
  bool Renew(const EntryTag& tag, uint64_t lease, int64_t until, int64_t now);

  // When the lease was given; 0: not known here.
  int64_t GivenAt(const EntryTag& tag, uint64_t lease) const;

  // Before an answer is stored for a lease that was given here. From kCurrent on nobody else is given the lease, until
  // EndFill or End.
  enum class Fill { kCurrent, kRepeated, kLost };
  Fill BeginFill(const EntryTag& tag, uint64_t lease, int64_t now);

  using Line = std::vector<LeaseCall*>;

  // An answer is there: the lease is over, all who wait are to look it up. With lease 0: stored without one, whoever
  // holds one keeps it.
  Line EndFill(const EntryTag& tag, uint64_t lease, int64_t now);

  // Those who wait for that very lease, while it is held: they are not in the line any more.
  Line TakeAwaiting(const EntryTag& tag, uint64_t lease, int64_t now);

  // The lease is over without an answer. The first in the line is to ask, unless one does already.
  Line End(const EntryTag& tag, uint64_t lease, int64_t now);

  enum class Waiting { kWaiting, kChanged, kFull, kCancelled };
  // Puts the call into the line, until `call.until_nanos_`; the line is to ask again at `look_at`.
  Waiting Wait(LeaseCall& call, int64_t look_at);

  // The question may be somebody else's now. The first in the line, to ask on behalf of it; empty: nobody waits, or one
  // asks already.
  Line TakeFirst(const EntryTag& tag);

  // The one who asked is not coming back to the line. The rest asks again at `look_at`.
  void AskedForAll(const EntryTag& tag, int64_t look_at);

  // True: it was waiting, and is not any more.
  bool Remove(LeaseCall& call);

  // The same for all questions of that namespace: the first of each line.
  Line TakeFirstOfEach(absl::string_view ns);

  // Everybody, for good.
  Line TakeEverybody();

  // What has become due. `over`: their time to wait is. `ask`: they are to ask on behalf of their lines. `ended`: as
  // far as is known here.
  struct Due {
    Line over;
    Line ask;
    std::vector<std::pair<EntryTag, FillToken>> ended;  // Leases.
  };
  Due Advance(int64_t now);

  // When Advance has something to do next; kNever: nothing.
  int64_t next_due() const { return next_due_.load(std::memory_order_relaxed); }

  size_t held() const { return held_.load(std::memory_order_relaxed); }
  size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  // Of which anything is known: what the table's memory grows with.
  size_t questions() const;

 private:
  struct Question {
    EntryTag tag;

    FillToken token;  // token.lease 0: none that is known here.
    int64_t given_at = 0;
    int64_t until = 0;
    bool filling = false;
    std::string holder;

    uint64_t filled = 0;  // The lease that filled it.
    int64_t forget_at = 0;

    LeaseCall* first = nullptr;
    LeaseCall* last = nullptr;
    bool asking = false;
    int64_t look_at = kNever;

    int64_t due = kNever;  // Where it stands in due_.
  };

  Question& Of(const EntryTag& tag) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Question* Find(const EntryTag& tag) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t& VersionOf(const EntryTag& tag) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool RoomFor(absl::string_view holder) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Give(Question& question, const LeaseCall& call, FillToken token, int64_t until, int64_t now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RememberFill(Question& question, uint64_t lease, int64_t now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetFill(Question& question) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeBack(Question& question) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Append(Question& question, LeaseCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unlink(Question& question, LeaseCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeFirst(Question& question, Line& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Puts the question where its next moment is, or forgets it when nothing is left of it.
  void Settle(Question& question) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void UpdateNextDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LeaseTableLimits limits_;
  std::atomic<int64_t> next_due_ = kNever;
  std::atomic<size_t> held_ = 0;
  std::atomic<size_t> waiting_ = 0;

  mutable Mutex mutex_;
  mutable std::array<uint64_t, 1024> versions_ ABSL_GUARDED_BY(mutex_) = {};
  absl::flat_hash_map<EntryTag, std::unique_ptr<Question>> questions_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, size_t> held_by_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, size_t> waiting_in_ ABSL_GUARDED_BY(mutex_);
  size_t remembered_fills_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<std::pair<int64_t, Question*>> due_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<int64_t, LeaseCall*>> over_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_LEASE_TABLE_H_

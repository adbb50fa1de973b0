// LedgerSession is one replica's conversation with the shared ledger: one request at a time, on the client's thread,
// each composed from what is known when it is sent. shared_ledger.h says what it promises.
//
//   Step -> Flush -> answer: sums, portion acknowledged -> again while there is more
//                 -> answer: lost -> Restore -> Flush
//
// Held by the callbacks that are due as well as by SharedLedger: after Stop it touches neither client nor ledger.
#ifndef PARACLE_CACHECORE_INTERNAL_LEDGER_SESSION_H_
#define PARACLE_CACHECORE_INTERNAL_LEDGER_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cachecore/internal/ledger_delta.h"
#include "cachecore/internal/ledger_script.h"
#include "cachecore/mutex.h"
#include "cachecore/shared_ledger.h"

namespace paracle::cachecore::internal {

class LedgerSession : public std::enable_shared_from_this<LedgerSession> {
 public:
  using Done = absl::AnyInvocable<void(absl::Status) &&>;

  LedgerSession(redis::Client* client, StatsLedger* ledger, SharedLedgerOptions options, const Clock* clock);

  void Start();
  void Wake();
  void Stop();  // Whoever waits is told CANCELLED.

  // `done`: everything counted before is added. Not OK: perhaps not.
  void Flush(Done done);
  void Reset(absl::string_view ns, Done done) { SendReset(std::string(ns), /*tries=*/2, std::move(done)); }
  SharedLedgerSnapshot Snapshot(absl::string_view ns) const;

 private:
  using FlushRequest = LedgerScripts::FlushRequest;

  void Tick();  // Step, now and every interval.
  void Step();
  void SendFlush();
  void SendRestore();
  void SendReset(std::string ns, int tries, Done done);

  void OnFlushed(const FlushRequest& request, const absl::StatusOr<LedgerUpdate>& update, bool sent);
  void OnRestored(const absl::Status& status);
  void OnReset(std::string ns, int tries, const absl::StatusOr<bool>& found, Done done);

  bool Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  FlushRequest ComposeFlush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropStalePortions() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Acknowledge(const FlushRequest& request, const LedgerUpdate& update) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Learn(LedgerUpdate update) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LearnResets(const SharedSums& now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LearnLoss() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Done> TakeWaiters() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Ask(Done done, bool create);
  RowMap Counted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time StartTime(absl::string_view ns) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  redis::Client* const client_;
  StatsLedger* const ledger_;  // Used under mutex_ only, and not after Stop.
  const SharedLedgerOptions options_;
  const Clock* const clock_;
  const absl::Time created_;
  const LedgerScripts scripts_;

  mutable Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;   // A request is on its way.
  bool again_ ABSL_GUARDED_BY(mutex_) = false;  // Another one is wanted right after it.
  bool restore_ ABSL_GUARDED_BY(mutex_) = false;
  // A replica that knows nothing waits for an interval before it begins a ledger: another one may know the sums.
  bool may_begin_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<int64_t> lost_since_nanos_ ABSL_GUARDED_BY(mutex_);
  LedgerDelta delta_ ABSL_GUARDED_BY(mutex_);
  SharedSums known_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Time> known_at_ ABSL_GUARDED_BY(mutex_);
  std::vector<Done> waiting_ ABSL_GUARDED_BY(mutex_);  // For a delta that is still to be taken.
  std::vector<Done> covered_ ABSL_GUARDED_BY(mutex_);  // For the last portion of the one that was taken.
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_LEDGER_SESSION_H_

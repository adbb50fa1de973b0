// SharedLedger sums what all replicas counted, over their restarts and its own: each adds to sums in Redis, every few
// seconds, what its StatsLedger counted since the last time.
//
// Nothing is counted twice: what is added goes in numbered portions, and Redis remembers the last number of each
// replica, so a portion whose acknowledgement was lost is sent again and not added again. Nothing is lost while this
// process lives and Redis keeps what it acknowledged: what could not be sent waits. What is lost:
//   - of a process that dies: what it counted since its last flush;
//   - when Redis loses everything, or fails over to an older copy: a replica that still knows the sums restores them,
//     as of its last flush; without any such replica, all of it. A portion in doubt at that moment is dropped, as it
//     may be among what is restored;
//   - at a reset: what replicas counted and had not flushed, even if they counted it after the reset. They hear of the
//     reset with their next flush, and their own counters start again then;
//   - a portion in doubt for half of `seen_ttl` is dropped.
//
// Snapshot is as old as the last flush for what others counted, and exact for what this replica counted. It reads no
// Redis. One script call per interval while there is nothing to add; all of it runs on the client's thread, on the
// control lane. Thread-safe. Logs nothing.
#ifndef PARACLE_CACHECORE_SHARED_LEDGER_H_
#define PARACLE_CACHECORE_SHARED_LEDGER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/clock.h"
#include "cachecore/encryption/key_ring.h"
#include "cachecore/redis/client.h"
#include "cachecore/stats_ledger.h"

namespace paracle::cachecore {

struct SharedLedgerOptions {
  std::string prefix = "paracle:llm:";         // Of the keys; no braces in it.
  absl::Duration interval = absl::Seconds(2);  // Of flushes.
  absl::Duration timeout = absl::Seconds(1);   // Of one flush.
  absl::Duration seen_ttl = absl::Hours(24);   // How long Redis remembers a portion.
  size_t max_rows = 1000;                      // Of all replicas; what is beyond counts in the overflow row.
  size_t rows_per_flush = 100;                 // More are sent in several portions, so that no script takes long.
  // Null: namespaces and models stand in Redis in the clear. Else they are sealed; the sums never are.
  std::shared_ptr<const encryption::KeyRing> keys = nullptr;
};

struct SharedLedgerSnapshot {
  // Sums over all replicas, this one's latest included; while they are not known, this replica's alone.
  LedgerSnapshot ledger;
  // When they were last read from Redis; nullopt: never.
  std::optional<absl::Time> known_at;
};

namespace internal {
class LedgerSession;
}

class SharedLedger {
 public:
  // All must outlive it. Each is a replica of its own, under a random name.
  SharedLedger(redis::Client* client, StatsLedger* ledger, SharedLedgerOptions options, const Clock* clock);

  // Sends nothing more. Call Flush before.
  ~SharedLedger();

  // Begins to flush: at once, and every interval.
  void Start();

  // Flushes at once: for whoever hears that the control lane is connected again.
  void Wake();

  // Waits until what was counted before is added, or for `timeout`. True: it is.
  // REQUIRES: not on the client's thread.
  bool Flush(absl::Duration timeout);

  // Empty namespace: all of them. With a namespace as StatsLedger::Snapshot; what others have counted for it in the
  // overflow row is in nobody's total but the whole.
  SharedLedgerSnapshot Snapshot(absl::string_view ns) const;

  // Lets the sums start again, and this replica's StatsLedger too; the other replicas' follow within an interval. With
  // a namespace, its rows only. `done` runs on the client's thread, or at once. Not OK: nothing was reset, or (after
  // DEADLINE_EXCEEDED or UNAVAILABLE) perhaps it was, and then becomes visible within an interval.
  void Reset(absl::string_view ns, absl::AnyInvocable<void(absl::Status) &&> done);

 private:
  const std::shared_ptr<internal::LedgerSession> session_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_SHARED_LEDGER_H_

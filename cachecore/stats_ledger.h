// StatsLedger counts what the cache did and saved, per namespace and model and in total.
//
// Counting takes no lock and shares no cache line between threads: each row holds one stripe of relaxed atomics per
// thread slot, and reading sums them. Rows are found once (when an entry is stored, or on a miss) and never move;
// their number is bounded, and what is beyond counts in one overflow row. Thread-safe.
//
// Formulas are those of the Stats message in proto/paracle/cache/v1/admin.proto.
#ifndef PARACLE_CACHECORE_STATS_LEDGER_H_
#define PARACLE_CACHECORE_STATS_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/clock.h"
#include "cachecore/entry.h"
#include "cachecore/mutex.h"

namespace paracle::cachecore {

enum class RemovalReason { kCapacity, kExpired, kInvalidated };

struct LedgerOptions {
  size_t max_rows = 1000;  // Distinct (namespace, model) pairs told apart; > 0.
};

// Plain sums; never negative. Tokens are prompt + completion.
struct LedgerCounts {
  int64_t hits = 0;
  int64_t misses = 0;
  int64_t sets = 0;
  int64_t evictions = 0;
  int64_t expirations = 0;
  int64_t invalidations = 0;
  int64_t cached_tokens = 0;
  int64_t cached_completion_tokens = 0;  // Their completion part. Of this process: sums of several do not have it.
  int64_t uncached_tokens = 0;
  double saved_cost_usd = 0;
  absl::Duration saved_time;
  absl::Duration cached_time;    // Over `hits`.
  absl::Duration uncached_time;  // Over `timed_sets`.
  int64_t timed_sets = 0;        // Sets whose origin told a latency.
};

struct LedgerRowSnapshot {
  std::string ns;
  std::string model;
  bool overflow = false;
  LedgerCounts counts;
};

struct LedgerSnapshot {
  LedgerCounts total;
  std::vector<LedgerRowSnapshot> rows;  // Ordered by namespace, then model; the overflow row last. No all-zero rows.
  absl::Time start_time;
  absl::Time update_time;
};

class LedgerRow;

class StatsLedger {
 public:
  StatsLedger(LedgerOptions options, const Clock* clock);
  ~StatsLedger();

  // The row to count in; valid as long as the ledger. May lock: not for the hit path, where the entry knows its row.
  LedgerRow* RowFor(absl::string_view ns, absl::string_view model);

  // `served_in`: from the arrival of the request to the hand-over of its answer.
  void RecordHit(LedgerRow* row, const Origin& origin, absl::Duration served_in);
  void RecordMiss(LedgerRow* row);
  void RecordSet(LedgerRow* row, const Origin& origin);
  void RecordRemoval(LedgerRow* row, RemovalReason reason);

  // Empty namespace: all of them. With a namespace, `total` sums its rows since its own last reset; what it counted in
  // the overflow row is in nobody's total but the whole.
  LedgerSnapshot Snapshot(absl::string_view ns) const;

  // Everything counted since the process began, whatever was reset: for whoever keeps sums of his own.
  LedgerSnapshot SinceStart() const;

  // Counting goes on meanwhile; each event is counted either before or after. With a namespace, its rows start again
  // and what they had leaves the total of all; its part of the overflow row stays.
  void Reset(absl::string_view ns);

 private:
  const LedgerOptions options_;
  const Clock* const clock_;
  const absl::Time created_;
  std::unique_ptr<LedgerRow> overflow_;

  mutable Mutex mutex_;
  // std::map: snapshots come out in order, and a row is found once per entry stored or question missed.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<LedgerRow>, std::less<>> rows_ ABSL_GUARDED_BY(mutex_);
  absl::Time start_time_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_STATS_LEDGER_H_

// LedgerDelta is what this replica has counted and the shared ledger has not acknowledged: in numbered portions, which
// are sent one by one and again until acknowledged, and what was counted since they were taken.
//
// Knows no Redis and no clock; not synchronised. `counted` is always everything since the process began, which only
// grows.
#ifndef PARACLE_CACHECORE_INTERNAL_LEDGER_DELTA_H_
#define PARACLE_CACHECORE_INTERNAL_LEDGER_DELTA_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/strings/string_view.h"
#include "cachecore/internal/ledger_row.h"

namespace paracle::cachecore::internal {

class LedgerDelta {
 public:
  struct Portion {
    int64_t number = 0;  // From 1, never used for another portion.
    RowMap rows;
    int64_t first_sent_nanos = 0;  // 0: not sent yet.
    bool unsure = false;           // Sent, and no answer came: perhaps it was added, perhaps not.
  };

  bool empty() const { return portions_.empty(); }
  Portion& front() { return portions_.front(); }

  // Cuts what was counted since the last time into portions.
  // REQUIRES: empty().
  void Take(const RowMap& counted, size_t rows_per_portion);

  // The first portion is added, or never to be added.
  void Pop() { portions_.pop_front(); }

  // What rows of `ns` (empty: all, and the overflow row) have counted so far is never to be added.
  void Forget(absl::string_view ns, const RowMap& counted);

  // Everything that is not acknowledged.
  RowMap Pending(const RowMap& counted) const;

 private:
  RowMap SinceTaken(const RowMap& counted) const;

  RowMap taken_;
  std::deque<Portion> portions_;
  int64_t last_number_ = 0;
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_LEDGER_DELTA_H_

// Removed collects entries that were taken out under a lock, to count and free them after it.
#ifndef PARACLE_CACHECORE_INTERNAL_REMOVED_H_
#define PARACLE_CACHECORE_INTERNAL_REMOVED_H_

#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "cachecore/entry.h"
#include "cachecore/label_table.h"
#include "cachecore/stats_ledger.h"

namespace paracle::cachecore::internal {

// Declare it before the lock, so that it is destroyed behind it.
class Removed {
 public:
  explicit Removed(StatsLedger* ledger) : ledger_(ledger) {}
  Removed(const Removed&) = delete;
  Removed& operator=(const Removed&) = delete;
  ~Removed() {
    for (const auto& [entry, reason] : entries_) {
      if (reason) ledger_->RecordRemoval(entry->label().row(), *reason);
    }
  }

  // No reason: it was replaced, which is no loss.
  void Add(EntryHandle entry, std::optional<RemovalReason> reason) { entries_.emplace_back(std::move(entry), reason); }

  bool Contains(const Entry* entry) const {
    for (const auto& removed : entries_) {
      if (removed.first.get() == entry) return true;
    }
    return false;
  }

 private:
  StatsLedger* const ledger_;
  absl::InlinedVector<std::pair<EntryHandle, std::optional<RemovalReason>>, 4> entries_;
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_REMOVED_H_

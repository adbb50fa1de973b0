#include "cachecore/internal/ledger_delta.h"

#include <cassert>
#include <utility>

namespace paracle::cachecore::internal {

RowMap LedgerDelta::SinceTaken(const RowMap& counted) const {
  RowMap since;
  for (const auto& [name, counts] : counted) {
    const auto it = taken_.find(name);
    const RowCounts fresh = it == taken_.end() ? counts : Difference(counts, it->second);
    if (!IsZero(fresh)) since.emplace(name, fresh);
  }
  return since;
}

void LedgerDelta::Take(const RowMap& counted, size_t rows_per_portion) {
  assert(empty() && rows_per_portion > 0);
  for (auto& [name, counts] : SinceTaken(counted)) {
    if (portions_.empty() || portions_.back().rows.size() >= rows_per_portion) {
      portions_.push_back({.number = ++last_number_, .rows = {}});
    }
    portions_.back().rows.emplace(name, counts);
  }
  taken_ = counted;
}

void LedgerDelta::Forget(absl::string_view ns, const RowMap& counted) {
  for (const auto& [name, counts] : counted) {
    if (IsRowOf(ns, name)) taken_.insert_or_assign(name, counts);
  }
  // A portion may become empty; it keeps its number, as it may be on its way.
  for (Portion& portion : portions_) {
    std::erase_if(portion.rows, [ns](const auto& row) { return IsRowOf(ns, row.first); });
  }
}

RowMap LedgerDelta::Pending(const RowMap& counted) const {
  RowMap pending = SinceTaken(counted);
  for (const Portion& portion : portions_) {
    for (const auto& [name, counts] : portion.rows) {
      RowCounts& sum = pending[name];
      sum = Sum(sum, counts);
    }
  }
  return pending;
}

}  // namespace paracle::cachecore::internal

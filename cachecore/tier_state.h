// TierState is what the tiers of one stack have in common: how things are named in the shared tier, the names that
// entries share, and what was invalidated.
// Thread-safe, as its parts are.
#ifndef PARACLE_CACHECORE_TIER_STATE_H_
#define PARACLE_CACHECORE_TIER_STATE_H_

#include "cachecore/label_table.h"
#include "cachecore/mark_table.h"
#include "cachecore/name_hash.h"
#include "cachecore/tier_meter.h"

namespace paracle::cachecore {

struct TierState {
  // `ledger` must outlive it.
  TierState(StatsLedger* ledger, size_t max_marks, const NameHash& name_hash = NameHash())
      : names(name_hash), labels(ledger), marks(max_marks, name_hash) {}

  const NameHash names;
  LabelTable labels;
  MarkTable marks;
  TierMeter* meter = nullptr;  // Null: nobody watches. Set before the first request.
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_TIER_STATE_H_

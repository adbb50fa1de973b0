#include "cachecore/tier_meter.h"

namespace paracle::cachecore {

void TierTimer::CountStored(const absl::StatusOr<SetOutcome>& outcome) const {
  if (!outcome.ok()) return Count(TierResult::kRefused);
  Count(outcome->stored_in_memory ? TierResult::kStored : TierResult::kDropped);
}

}  // namespace paracle::cachecore

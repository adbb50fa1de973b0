// What TierMeter counted, and the state of the shared tier, as metrics.
#ifndef PARACLE_SERVICE_METRICS_TIER_COLLECTOR_H_
#define PARACLE_SERVICE_METRICS_TIER_COLLECTOR_H_

#include "absl/strings/string_view.h"
#include "cachecore/shared_tier.h"
#include "cachecore/tier_meter.h"
#include "service/metrics/families.h"

namespace paracle::service {

// `shared`: whether there is a shared tier.
void CollectTiers(const cachecore::TierMeter& meter, bool shared, Families& families);

// `backend` as in Config.
void CollectBackend(absl::string_view backend, const cachecore::SharedTier& shared, Families& families);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_TIER_COLLECTOR_H_

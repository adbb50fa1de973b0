// What the memory tier holds, what the ledger counted since the process began, and the leases, as metrics.
#ifndef PARACLE_SERVICE_METRICS_CACHE_COLLECTOR_H_
#define PARACLE_SERVICE_METRICS_CACHE_COLLECTOR_H_

#include "service/metrics/families.h"
#include "service/metrics/label_limiter.h"
#include "service/served.h"

namespace paracle::service {

void CollectUsage(const cachecore::Usage& usage, Families& families);
void CollectLedger(const cachecore::StatsLedger& ledger, LabelLimiter& models, LabelLimiter& namespaces,
                   Families& families);
void CollectLeases(const Served& served, Families& families);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_CACHE_COLLECTOR_H_

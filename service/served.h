// Served is what a server answers from and tells of.
#ifndef PARACLE_SERVICE_SERVED_H_
#define PARACLE_SERVICE_SERVED_H_

#include "cachecore/cache.h"
#include "cachecore/leased_cache.h"
#include "cachecore/recordings.h"
#include "cachecore/shared_tier.h"
#include "cachecore/stats_ledger.h"
#include "service/metrics/call_meter.h"

namespace paracle::service {

struct Served {
  cachecore::Cache* cache = nullptr;
  cachecore::LeasedCache* leases = nullptr;     // The same; null when it is switched off.
  cachecore::Recordings* recordings = nullptr;  // Null as well.
  cachecore::StatsLedger* ledger = nullptr;     // Of this server alone.
  cachecore::SharedTier* shared = nullptr;      // Null: there is none.
  CallMeter* meter = nullptr;                   // Null: calls are not counted.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SERVED_H_

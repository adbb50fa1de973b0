// What every handler works with.
#ifndef PARACLE_SERVICE_HANDLER_CONTEXT_H_
#define PARACLE_SERVICE_HANDLER_CONTEXT_H_

#include "cachecore/cache.h"
#include "cachecore/leased_cache.h"
#include "cachecore/recordings.h"
#include "cachecore/stats_ledger.h"
#include "service/access.h"
#include "service/limits/namespace_limits.h"
#include "service/metrics/call_meter.h"
#include "service/validation.h"

namespace paracle::service {

// Pointers outlive the handlers.
struct HandlerContext {
  const Access* access = nullptr;
  NamespaceLimits* namespace_limits = nullptr;  // Null: there are none.
  cachecore::Cache* cache = nullptr;
  cachecore::LeasedCache* leases = nullptr;     // The same cache; null when it is switched off.
  cachecore::Recordings* recordings = nullptr;  // Null as well.
  cachecore::StatsLedger* ledger = nullptr;
  CallMeter* meter = nullptr;  // Null: calls are not counted.
  RequestLimits limits;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_HANDLER_CONTEXT_H_

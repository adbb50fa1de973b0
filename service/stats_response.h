// Turns the ledger's sums into the Stats of admin.proto, by the formulas written there. Pure, thread-safe.
#ifndef PARACLE_SERVICE_STATS_RESPONSE_H_
#define PARACLE_SERVICE_STATS_RESPONSE_H_

#include <optional>

#include "cachecore/cache.h"
#include "cachecore/stats_ledger.h"
#include "paracle/cache/v1/admin.pb.h"

namespace paracle::service {

// Fills `total` and `by_model`. `usage` is what the memory tier holds; nullopt when only a part was asked for, of
// which the tier does not know the size.
void FillStats(const cachecore::LedgerSnapshot& snapshot, const std::optional<cachecore::Usage>& usage,
               cache::v1::GetStatsResponse* response);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_STATS_RESPONSE_H_

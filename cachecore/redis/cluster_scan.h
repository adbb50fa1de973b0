// A SCAN of a whole Cluster, seen as one of a server: the cursor says at which of the primaries it is, and where there,
// as "<number of the primary>:<its cursor>". "0" begins, and ends. Keys of slots that move meanwhile may be missed.
#ifndef PARACLE_CACHECORE_REDIS_CLUSTER_SCAN_H_
#define PARACLE_CACHECORE_REDIS_CLUSTER_SCAN_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "cachecore/redis/command.h"
#include "cachecore/redis/reply.h"

namespace paracle::cachecore::redis {

struct ScanPosition {
  size_t primary = 0;
  std::string cursor = "0";
};

// Where a command stands; nullopt: it is no SCAN.
std::optional<ScanPosition> ScanPositionOf(absl::string_view wire);

// The same SCAN for that server alone.
Command ScanOfOne(absl::string_view wire, const ScanPosition& position);

// What that server answered, as the answer of all: with the position behind it.
Reply ScanOfAll(Reply reply, const ScanPosition& position, size_t primaries);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_CLUSTER_SCAN_H_

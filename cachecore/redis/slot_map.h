// SlotMap says which server owns which slots, as CLUSTER SLOTS tells it. Regular; not synchronised.
#ifndef PARACLE_CACHECORE_REDIS_SLOT_MAP_H_
#define PARACLE_CACHECORE_REDIS_SLOT_MAP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/redis/reply.h"

namespace paracle::cachecore::redis {

struct HostAndPort {
  std::string host;
  uint16_t port = 0;

  friend bool operator==(const HostAndPort&, const HostAndPort&) = default;
  friend auto operator<=>(const HostAndPort&, const HostAndPort&) = default;
};

struct SlotRange {
  int first = 0;
  int last = 0;  // Included.
  HostAndPort primary;
  std::vector<HostAndPort> replicas;
};

// The ranges that a reply to CLUSTER SLOTS names; `asked` stands for a host that it leaves empty. DATA_LOSS: it is none.
absl::StatusOr<std::vector<SlotRange>> ParseSlots(const Reply& reply, absl::string_view asked);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SLOT_MAP_H_

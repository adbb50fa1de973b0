// Which of a Cluster's 16,384 slots a key is in: CRC-16/XMODEM of the key, or, if it has {a tag}, of what is between the
// first brace and the next closing one (the Redis Cluster specification, "Key distribution model" and "Hash tags").
#ifndef PARACLE_CACHECORE_REDIS_SLOT_H_
#define PARACLE_CACHECORE_REDIS_SLOT_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::redis {

inline constexpr int kSlots = 16384;

int SlotOf(absl::string_view key);

// The first key of a command that stands as it is sent (command.h); nullopt: it has none. Of those that this product
// sends: EVAL and EVALSHA name their keys behind a count, the rest of them with a key have it first.
std::optional<absl::string_view> KeyOf(absl::string_view wire);

// The n-th argument; the name of the command is the 0th.
std::optional<absl::string_view> ArgumentOf(absl::string_view wire, int n);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SLOT_H_

// Looks whether Redis may evict what must not be lost: marks have no time to live, so `allkeys-*` policies may take
// them, and whenever that happens everything cached is forgotten.
#ifndef PARACLE_CACHECORE_EVICTION_CHECK_H_
#define PARACLE_CACHECORE_EVICTION_CHECK_H_

#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "cachecore/redis/client.h"

namespace paracle::cachecore {

// What is wrong with the limits that `INFO memory` tells; nullopt: nothing.
std::optional<std::string> EvictionWarning(absl::string_view info_memory);

// Asks Redis. `warn` runs on the client's thread if there is something to say.
void CheckEviction(redis::Client& client, absl::AnyInvocable<void(absl::string_view warning) &&> warn);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_EVICTION_CHECK_H_

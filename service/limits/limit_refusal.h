// What a call is told that its namespace has no room for.
#ifndef PARACLE_SERVICE_LIMITS_LIMIT_REFUSAL_H_
#define PARACLE_SERVICE_LIMITS_LIMIT_REFUSAL_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace paracle::service {

inline constexpr absl::string_view kReasonNamespaceLimit = "NAMESPACE_LIMIT";

// When a call in flight will be over, nobody knows.
inline constexpr absl::Duration kInFlightRetryDelay = absl::Milliseconds(100);

// RESOURCE_EXHAUSTED, to be tried again after `wait`: at least a millisecond, at most a minute is said.
// `who` is over its limit of `limit` `unit`, which the setting calls `field`.
absl::Status OverNamespaceLimit(absl::string_view who, int64_t limit, absl::string_view unit, absl::string_view field,
                                absl::Duration wait);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_LIMIT_REFUSAL_H_

// The clock of this layer: monotonic, and the one that Asio's timers run on.
#ifndef PARACLE_CACHECORE_REDIS_STEADY_TIME_H_
#define PARACLE_CACHECORE_REDIS_STEADY_TIME_H_

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace paracle::cachecore::redis {

using SteadyTime = std::chrono::steady_clock::time_point;

inline SteadyTime SteadyNow() { return std::chrono::steady_clock::now(); }

// Cut to a day, so that an infinite duration cannot overflow the clock.
inline std::chrono::nanoseconds Steady(absl::Duration duration) {
  return absl::ToChronoNanoseconds(std::clamp(duration, absl::ZeroDuration(), absl::Hours(24)));
}

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_STEADY_TIME_H_

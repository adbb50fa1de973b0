#include "cachecore/redis/backoff.h"

#include <algorithm>

namespace paracle::cachecore::redis {

absl::Duration Jitter(absl::Duration duration, double random) { return duration * (0.8 + 0.4 * random); }

absl::Duration Backoff::Next(double random) {
  const absl::Duration current = next_;
  next_ = std::min(next_ * 2, max_);
  return Jitter(current, random);
}

}  // namespace paracle::cachecore::redis

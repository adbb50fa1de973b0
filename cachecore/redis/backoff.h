// Backoff says how long to wait before the next connect: doubled each time, within two bounds, spread by +-20 % so that
// many replicas do not come back at the same moment. Not synchronised; the randomness is passed in.
#ifndef PARACLE_CACHECORE_REDIS_BACKOFF_H_
#define PARACLE_CACHECORE_REDIS_BACKOFF_H_

#include "absl/time/time.h"

namespace paracle::cachecore::redis {

// `duration` by +-20 %. REQUIRES: 0 <= random <= 1.
absl::Duration Jitter(absl::Duration duration, double random);

class Backoff {
 public:
  // REQUIRES: 0 < min <= max.
  Backoff(absl::Duration min, absl::Duration max) : min_(min), max_(max), next_(min) {}

  absl::Duration Next(double random);

  // Only when the connection has proven itself: a server that greets and then breaks is not to be hammered.
  void Reset() { next_ = min_; }

 private:
  absl::Duration min_;
  absl::Duration max_;
  absl::Duration next_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_BACKOFF_H_

#include "cachecore/clock.h"

#include <time.h>

#include "absl/time/clock.h"

namespace paracle::cachecore {
namespace {

class SystemClock final : public Clock {
 public:
  int64_t MonotonicNanos() const override {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }

  absl::Time WallTime() const override { return absl::Now(); }
};

}  // namespace

const Clock* Clock::System() {
  static const SystemClock* const clock = new SystemClock;
  return clock;
}

}  // namespace paracle::cachecore

// FakeClock stands still until it is told otherwise. Thread-safe.
#ifndef PARACLE_TESTS_SUPPORT_FAKE_CLOCK_H_
#define PARACLE_TESTS_SUPPORT_FAKE_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "cachecore/clock.h"

namespace paracle::cachecore {

class FakeClock final : public Clock {
 public:
  int64_t MonotonicNanos() const override { return elapsed_nanos_.load(std::memory_order_relaxed); }
  absl::Time WallTime() const override {
    return absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(MonotonicNanos() + step_nanos_.load());
  }

  void Advance(absl::Duration by) { elapsed_nanos_.fetch_add(absl::ToInt64Nanoseconds(by)); }

  // Somebody sets the machine's clock: the wall time jumps, the monotonic time does not.
  void StepWallTime(absl::Duration by) { step_nanos_.fetch_add(absl::ToInt64Nanoseconds(by)); }

 private:
  std::atomic<int64_t> elapsed_nanos_ = 1'000'000'000;
  std::atomic<int64_t> step_nanos_ = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_SUPPORT_FAKE_CLOCK_H_

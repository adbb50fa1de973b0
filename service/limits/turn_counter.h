// TurnCounter lets others see whether a thread that goes round and round still does: it counts how often the thread has
// gone into what may hold it up, and come back.
#ifndef PARACLE_SERVICE_LIMITS_TURN_COUNTER_H_
#define PARACLE_SERVICE_LIMITS_TURN_COUNTER_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "service/limits/thread_clock.h"

namespace paracle::service {

class TurnCounter {
 public:
  // On the thread: before its first turn, around what may hold it up in each, and after the last one.
  void Begin() {
    clock_ = ThreadClock::OfThisThread();
    running_.store(true, std::memory_order_release);
  }
  void Enter() { Step(); }
  void Leave() { Step(); }
  void End() { running_.store(false, std::memory_order_release); }

  // From any thread. Odd: it has not come back.
  uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }

  // What the thread has computed since it exists, in nanoseconds; nullopt: it does not run.
  std::optional<int64_t> CpuNanos() const {
    return running_.load(std::memory_order_acquire) ? clock_.CpuNanos() : std::nullopt;
  }

 private:
  void Step() { steps_.store(steps() + 1, std::memory_order_relaxed); }

  ThreadClock clock_;
  std::atomic<bool> running_ = false;
  std::atomic<uint64_t> steps_ = 0;  // Written by the thread alone, so without locked instructions.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_TURN_COUNTER_H_

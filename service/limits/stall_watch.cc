#include "service/limits/stall_watch.h"

#include <utility>

namespace paracle::service {

StallWatch::StallWatch(std::vector<std::shared_ptr<const TurnCounter>> threads, std::chrono::nanoseconds longest_turn)
    : longest_turn_nanos_(longest_turn.count()) {
  for (auto& counter : threads) threads_.push_back({.counter = std::move(counter)});
}

bool StallWatch::Stalled() {
  bool stalled = false;
  for (Thread& thread : threads_) stalled = Stalled(thread) || stalled;
  return stalled;
}

bool StallWatch::Stalled(Thread& thread) const {
  const uint64_t turn = thread.counter->turns();
  const std::optional<int64_t> now = thread.counter->CpuNanos();
  if (!now || !thread.cpu_nanos || turn != thread.turn) {
    thread.turn = turn;
    thread.cpu_nanos = now;
    return false;
  }
  return *now - *thread.cpu_nanos > longest_turn_nanos_;
}

}  // namespace paracle::service

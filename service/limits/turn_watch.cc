#include "service/limits/turn_watch.h"

#include <utility>

namespace paracle::service {

TurnWatch::TurnWatch(std::vector<std::shared_ptr<const TurnCounter>> threads, std::chrono::nanoseconds longest)
    : longest_nanos_(longest.count()) {
  for (auto& counter : threads) threads_.push_back({.counter = std::move(counter)});
}

bool TurnWatch::HeldUp() {
  bool held_up = false;
  for (Thread& thread : threads_) held_up = HeldUp(thread) || held_up;
  return held_up;
}

bool TurnWatch::HeldUp(Thread& thread) const {
  const uint64_t step = thread.counter->steps();
  const std::optional<int64_t> now = thread.counter->CpuNanos();
  if (!now || !thread.cpu_nanos || step != thread.step) {
    thread.step = step;
    thread.cpu_nanos = now;
    return false;
  }
  const bool inside = step % 2 == 1;
  return *now - *thread.cpu_nanos > (inside ? longest_nanos_ : 4 * longest_nanos_);
}

}  // namespace paracle::service

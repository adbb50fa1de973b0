// TurnWatch tells whether one of several threads, each of which counts its turns, is held up in one.
//
// Measured is what the thread computes, not what passes by the clock: one that the system does not let run is not held
// up. For one thread, which asks again and again.
#ifndef PARACLE_SERVICE_LIMITS_TURN_WATCH_H_
#define PARACLE_SERVICE_LIMITS_TURN_WATCH_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "service/limits/turn_counter.h"

namespace paracle::service {

class TurnWatch {
 public:
  // A thread that computes for longer than `longest` without coming back is held up; so is one that does for four times
  // as long without going in.
  TurnWatch(std::vector<std::shared_ptr<const TurnCounter>> threads, std::chrono::nanoseconds longest);

  // Whether a thread is, as far as this has seen: its time begins with the first call that sees it there.
  bool HeldUp();

 private:
  struct Thread {
    std::shared_ptr<const TurnCounter> counter;
    uint64_t step = 0;
    std::optional<int64_t> cpu_nanos = {};  // When it was first seen at this step.
  };

  bool HeldUp(Thread& thread) const;

  std::vector<Thread> threads_;
  const int64_t longest_nanos_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_TURN_WATCH_H_

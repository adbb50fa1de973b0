// CircuitBreaker decides when a server is too sick to be asked: after 5 failures in a row, or when half of at least 20
// outcomes of the last second are failures. Once open it stays so until Close: a probe of the owner's has succeeded.
//
// Pure: time is passed in. Not synchronised.
#ifndef PARACLE_CACHECORE_REDIS_CIRCUIT_BREAKER_H_
#define PARACLE_CACHECORE_REDIS_CIRCUIT_BREAKER_H_

#include <array>
#include <cstdint>

#include "cachecore/redis/reply.h"
#include "cachecore/redis/steady_time.h"

namespace paracle::cachecore::redis {

class CircuitBreaker {
 public:
  void RecordSuccess(SteadyTime now);

  // True when this one opened it.
  bool RecordFailure(SteadyTime now);

  void Close();

  bool open() const { return open_; }

 private:
  static constexpr int kFailuresInARow = 5;
  static constexpr int kOutcomesToJudge = 20;
  static constexpr int kSlots = 10;
  static constexpr std::chrono::milliseconds kSlotLength{100};

  struct Slot {
    int64_t number = -1;  // Of the slot of time that it counts; stale when older than the window.
    int successes = 0;
    int failures = 0;
  };

  Slot& SlotAt(SteadyTime now);
  bool HalfFail(SteadyTime now) const;

  bool open_ = false;
  int failures_in_a_row_ = 0;
  std::array<Slot, kSlots> slots_;
};

// Whether an error reply says that the server cannot serve anybody now. OOM, READONLY and MISCONF do not: they refuse
// writes, reads go on.
bool IsSickness(const Reply& error);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_CIRCUIT_BREAKER_H_

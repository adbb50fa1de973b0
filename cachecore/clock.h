// Clock tells the time, so that tests can tell it instead.
//
// Two times, for two jobs. MonotonicNanos() decides whether an entry has expired: it never jumps. WallTime() is what
// users are shown. Thread-safe.
#ifndef PARACLE_CACHECORE_CLOCK_H_
#define PARACLE_CACHECORE_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"

namespace paracle::cachecore {

class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds since an arbitrary start; never goes back. May lag by up to 4 ms: it is read on every hit, and the
  // coarse kernel clock costs 5 ns where the precise one costs 23.
  virtual int64_t MonotonicNanos() const = 0;

  virtual absl::Time WallTime() const = 0;

  // The clock of the machine. Never destroyed.
  static const Clock* System();
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_CLOCK_H_

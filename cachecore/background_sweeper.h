// BackgroundSweeper runs a step of reclaiming again and again on a thread of its own, so that entries whose time is
// over do not hold memory. Stops cleanly when it is destroyed: waits for the step under way, not for the interval.
#ifndef PARACLE_CACHECORE_BACKGROUND_SWEEPER_H_
#define PARACLE_CACHECORE_BACKGROUND_SWEEPER_H_

#include <memory>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace paracle::cachecore {

class BackgroundSweeper {
 public:
  // Waits between two steps, on the sweeper's thread. False: stop.
  using Wait = absl::AnyInvocable<bool()>;

  // One step every second of real time.
  explicit BackgroundSweeper(absl::AnyInvocable<void()> step, absl::Duration interval = absl::Seconds(1));

  // `wait` decides when. REQUIRES: it returns false once `interrupt`, which the destructor calls, has run.
  BackgroundSweeper(absl::AnyInvocable<void()> step, Wait wait, absl::AnyInvocable<void()> interrupt);

  ~BackgroundSweeper();

  BackgroundSweeper(const BackgroundSweeper&) = delete;
  BackgroundSweeper& operator=(const BackgroundSweeper&) = delete;

 private:
  absl::AnyInvocable<void()> interrupt_;
  std::thread thread_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_BACKGROUND_SWEEPER_H_

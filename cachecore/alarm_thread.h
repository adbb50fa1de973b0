// AlarmThread calls one function at the moments that it asks for, on a thread of its own.
#ifndef PARACLE_CACHECORE_ALARM_THREAD_H_
#define PARACLE_CACHECORE_ALARM_THREAD_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "cachecore/clock.h"

namespace paracle::cachecore {

// Thread-safe. std::mutex, because a condition needs it; whoever only moves an alarm to later takes no lock.
class AlarmThread {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // `run` tells when it is to be called next, as Clock::MonotonicNanos. REQUIRES: `clock` outlives the thread.
  AlarmThread(const char* name, const Clock* clock, absl::AnyInvocable<int64_t()> run);

  ~AlarmThread() { Stop(); }

  // `run` is not called any more when it returns. Not to be called by `run`.
  void Stop();

  // Not later than that.
  void WakeBy(int64_t nanos);

 private:
  void Run();

  const Clock& clock_;
  absl::AnyInvocable<int64_t()> run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<int64_t> wake_at_ = 0;  // Written under mutex_.
  bool ending_ = false;               // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_ALARM_THREAD_H_

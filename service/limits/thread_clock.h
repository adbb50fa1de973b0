// What a thread has computed, told from any other one.
#ifndef PARACLE_SERVICE_LIMITS_THREAD_CLOCK_H_
#define PARACLE_SERVICE_LIMITS_THREAD_CLOCK_H_

#include <pthread.h>
#include <time.h>

#include <cstdint>
#include <optional>

namespace paracle::service {

class ThreadClock {
 public:
  // That of the calling thread. May be copied, and outlives the thread.
  static ThreadClock OfThisThread() {
    ThreadClock clock;
    pthread_getcpuclockid(pthread_self(), &clock.id_);
    return clock;
  }

  // Since the thread exists, in nanoseconds; nullopt: it has ended.
  std::optional<int64_t> CpuNanos() const {
    timespec time;
    if (clock_gettime(id_, &time) != 0) return std::nullopt;
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }

 private:
  clockid_t id_{};
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_THREAD_CLOCK_H_

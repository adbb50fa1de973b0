#include "cachecore/alarm_thread.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace paracle::cachecore {
namespace {

// Of the clock: it would not see a shorter time pass.
constexpr int64_t kShortestNanos = 1'000'000;
// A clock that is stopped or set (in tests) is looked at again after this.
constexpr int64_t kLongestNanos = 1'000'000'000;

}  // namespace

AlarmThread::AlarmThread(const char* name, const Clock* clock, absl::AnyInvocable<int64_t()> run)
    : clock_(*clock), run_(std::move(run)), thread_([this, name] {
        pthread_setname_np(pthread_self(), name);
        Run();
      }) {}

void AlarmThread::Stop() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void AlarmThread::WakeBy(int64_t nanos) {
  if (nanos >= wake_at_.load()) return;
  {
    std::lock_guard lock(mutex_);
    if (nanos >= wake_at_.load()) return;
    wake_at_.store(nanos);
  }
  changed_.notify_one();
}

void AlarmThread::Run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const int64_t left = wake_at_.load() - clock_.MonotonicNanos();
    if (left > 0) {
      changed_.wait_for(lock, std::chrono::nanoseconds(std::clamp(left, kShortestNanos, kLongestNanos)));
      continue;
    }
    wake_at_.store(kNever);
    lock.unlock();
    const int64_t next = run_();
    lock.lock();
    wake_at_.store(std::min(wake_at_.load(), next));
  }
}

}  // namespace paracle::cachecore

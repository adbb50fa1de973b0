// Mutex is the only lock of cachecore and of cachecore/redis: four bytes, with the annotations that let Clang check who
// holds what.
//
// A waiter spins for about as long as a cache operation takes and then parks in the kernel, so a holder that lost its
// processor (the rule in an over-committed container) costs the waiters no time slices. Not fair, not recursive.
//
// Neither std::mutex nor absl::Mutex, and why: docs/adr/0003-locks.md.
#ifndef PARACLE_CACHECORE_MUTEX_H_
#define PARACLE_CACHECORE_MUTEX_H_

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"

namespace paracle::cachecore {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    uint32_t expected = kFree;
    if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) {
      LockSlow();
    }
  }

  // True when it was free. Never waits.
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed);
  }

  void Unlock() ABSL_UNLOCK_FUNCTION() {
    if (state_.exchange(kFree, std::memory_order_release) == kContended) state_.notify_one();
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kContended = 2;  // Held, and somebody may be parked.

  void LockSlow();

  std::atomic<uint32_t> state_ = kFree;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MUTEX_H_

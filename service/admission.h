// Admission bounds how many calls are being answered at one time. Thread-safe; one atomic add in, one out.
#ifndef PARACLE_SERVICE_ADMISSION_H_
#define PARACLE_SERVICE_ADMISSION_H_

#include <atomic>

namespace paracle::service {

class Admission {
 public:
  // REQUIRES: limit > 0.
  explicit Admission(int limit) : limit_(limit) {}

  // False: the call must be refused, and Leave not called for it.
  bool TryEnter() {
    if (in_flight_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
    Leave();
    return false;
  }

  void Leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  int in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  int limit() const { return limit_; }

 private:
  const int limit_;
  alignas(64) std::atomic<int> in_flight_{0};  // Written by every call: not on the line of what is only read.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_ADMISSION_H_

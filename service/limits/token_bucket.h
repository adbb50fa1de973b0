// TokenBucket holds a rate: it fills at that rate, up to what one second brings, and whoever acts takes from it.
//
// One number, the time at which it will be full again, changed by compare-and-swap: no lock, no timer, nothing to do
// while nobody comes. Thread-safe. Times are nanoseconds of any clock that never goes back.
#ifndef PARACLE_SERVICE_LIMITS_TOKEN_BUCKET_H_
#define PARACLE_SERVICE_LIMITS_TOKEN_BUCKET_H_

#include <atomic>
#include <cstdint>

namespace paracle::service {

class TokenBucket {
 public:
  static constexpr int64_t kBurstNanos = 1'000'000'000;

  // Full at first. REQUIRES: per_second >= 1.
  explicit TokenBucket(int64_t per_second) : nanos_per_token_(1e9 / static_cast<double>(per_second)) {}

  // Takes one token. 0: taken. Else nothing is, and there will be one after so many nanoseconds.
  int64_t TryTake(int64_t now);

  // Takes tokens that are used already, there or not: the bucket may owe them.
  void Charge(int64_t tokens, int64_t now);

  // Nanoseconds until nothing is owed; 0: nothing is.
  int64_t Debt(int64_t now) const;

  // Whether forgetting the bucket would change nothing.
  bool full(int64_t now) const { return full_at_.load(std::memory_order_relaxed) <= now; }

 private:
  const double nanos_per_token_;
  std::atomic<int64_t> full_at_ = 0;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_TOKEN_BUCKET_H_

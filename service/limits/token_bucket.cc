#include "service/limits/token_bucket.h"

#include <algorithm>

namespace paracle::service {
namespace {

// What is charged at one time lasts no longer than this, so that sums stay far from the end of 64 bits.
constexpr double kMostNanos = 3600e9;

}  // namespace

int64_t TokenBucket::TryTake(int64_t now) {
  int64_t full_at = full_at_.load(std::memory_order_relaxed);
  while (true) {
    const int64_t taken = std::max(full_at, now) + static_cast<int64_t>(nanos_per_token_);
    if (taken - now > kBurstNanos) return taken - now - kBurstNanos;
    if (full_at_.compare_exchange_weak(full_at, taken, std::memory_order_relaxed)) return 0;
  }
}

void TokenBucket::Charge(int64_t tokens, int64_t now) {
  const auto nanos = static_cast<int64_t>(std::min(nanos_per_token_ * static_cast<double>(tokens), kMostNanos));
  int64_t full_at = full_at_.load(std::memory_order_relaxed);
  while (!full_at_.compare_exchange_weak(
      full_at, std::min(std::max(full_at, now) + nanos, now + static_cast<int64_t>(kMostNanos)),
      std::memory_order_relaxed)) {
  }
}

int64_t TokenBucket::Debt(int64_t now) const {
  return std::max<int64_t>(0, full_at_.load(std::memory_order_relaxed) - now - kBurstNanos);
}

}  // namespace paracle::service

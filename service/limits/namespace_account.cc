#include "service/limits/namespace_account.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cachecore/error.h"
#include "service/limits/limit_refusal.h"

namespace paracle::service {

absl::Status NamespaceAccount::Enter(int64_t request_bytes) {
  const uint64_t before = use_.fetch_add(kInFlight, std::memory_order_relaxed) & (kHeld - 1);
  absl::Status refusal;
  if (rule_.in_flight > 0 && static_cast<int64_t>(before) >= rule_.in_flight) {
    refusal = OverNamespaceLimit(who_, rule_.in_flight, "calls in flight", "in_flight", kInFlightRetryDelay);
  } else {
    refusal = EnterAgain(request_bytes);
  }
  if (!refusal.ok()) Land();
  return refusal;
}

absl::Status NamespaceAccount::EnterAgain(int64_t request_bytes) {
  const int64_t now = clock_->MonotonicNanos();
  if (const int64_t wait = rule_.bytes_per_second > 0 ? bytes_.Debt(now) : 0; wait > 0) {
    return OverNamespaceLimit(who_, rule_.bytes_per_second, "bytes/s", "bytes", absl::Nanoseconds(wait));
  }
  if (const int64_t wait = rule_.requests_per_second > 0 ? requests_.TryTake(now) : 0; wait > 0) {
    return OverNamespaceLimit(who_, rule_.requests_per_second, "requests/s", "rps", absl::Nanoseconds(wait));
  }
  if (rule_.bytes_per_second > 0) bytes_.Charge(request_bytes, now);
  return absl::OkStatus();
}

void NamespaceAccount::Charge(int64_t bytes) {
  if (rule_.bytes_per_second > 0) bytes_.Charge(bytes, clock_->MonotonicNanos());
}

bool NamespaceAccount::idle() const {
  if (use_.load(std::memory_order_acquire) != 0) return false;
  const int64_t now = clock_->MonotonicNanos();
  return requests_.full(now) && bytes_.full(now);
}

}  // namespace paracle::service

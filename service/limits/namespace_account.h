// NamespaceAccount is what one namespace takes of the server at this moment, and what it may.
#ifndef PARACLE_SERVICE_LIMITS_NAMESPACE_ACCOUNT_H_
#define PARACLE_SERVICE_LIMITS_NAMESPACE_ACCOUNT_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cachecore/clock.h"
#include "service/limits/limit_rules.h"
#include "service/limits/token_bucket.h"

namespace paracle::service {

// Thread-safe. Calls of different namespaces share no cache line.
class alignas(64) NamespaceAccount {
 public:
  // `who` is how a refusal names it. REQUIRES: `clock` outlives it.
  NamespaceAccount(std::string who, const LimitRule& rule, const cachecore::Clock* clock)
      : who_(std::move(who)),
        rule_(rule),
        clock_(clock),
        requests_(std::max<int64_t>(rule.requests_per_second, 1)),
        bytes_(std::max<int64_t>(rule.bytes_per_second, 1)) {}

  // Counts a call of `request_bytes` in. Not OK: it must be refused with that, and is not counted.
  absl::Status Enter(int64_t request_bytes);

  // Counts one more request that an admitted call stands for, as the entries of a batch do. Not OK: as by Enter.
  absl::Status EnterAgain(int64_t request_bytes);

  // What an admitted call reads and sends besides; it may go beyond the limit, and the next call then waits for it.
  void Charge(int64_t bytes);

  // An admitted call is not in flight any more: it waits, or is over.
  void Land() { use_.fetch_sub(kInFlight, std::memory_order_relaxed); }

  // While a call holds it, or it remembers anything, an account must not be forgotten.
  void Hold() { use_.fetch_add(kHeld, std::memory_order_relaxed); }
  void LetGo() { use_.fetch_sub(kHeld, std::memory_order_release); }
  bool idle() const;

  int64_t in_flight() const { return static_cast<int64_t>(use_.load(std::memory_order_relaxed) & (kHeld - 1)); }

 private:
  static constexpr uint64_t kInFlight = 1;
  static constexpr uint64_t kHeld = uint64_t{1} << 32;

  const std::string who_;
  const LimitRule rule_;
  const cachecore::Clock* const clock_;
  alignas(64) std::atomic<uint64_t> use_ = 0;  // Holders above, calls in flight below.
  TokenBucket requests_;
  TokenBucket bytes_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_NAMESPACE_ACCOUNT_H_

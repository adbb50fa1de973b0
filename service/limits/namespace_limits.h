// NamespaceLimits admits calls by what their namespace may take: calls in flight, requests and bytes a second.
//
// Thread-safe. Namespaces that the rules name are found without a lock; the others are in stripes, each with a lock of
// its own that is held for a table look-up. Their number is bounded: those that take nothing any more are forgotten
// when there is no room, and what comes beyond shares one account.
#ifndef PARACLE_SERVICE_LIMITS_NAMESPACE_LIMITS_H_
#define PARACLE_SERVICE_LIMITS_NAMESPACE_LIMITS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/clock.h"
#include "cachecore/mutex.h"
#include "service/limits/limit_rules.h"
#include "service/limits/namespace_account.h"

namespace paracle::service {

// An admitted call's hold on the account of its namespace; lets go of it at its end. Not thread-safe, may be moved to
// another thread. Without an account (nothing limits the namespace) it does nothing.
class LimitPass {
 public:
  LimitPass() = default;
  // REQUIRES: the account was held, and the call entered, for this pass.
  explicit LimitPass(NamespaceAccount* account) : account_(account), in_flight_(true) {}
  LimitPass(LimitPass&& other) noexcept
      : account_(std::exchange(other.account_, nullptr)), in_flight_(std::exchange(other.in_flight_, false)) {}
  LimitPass& operator=(LimitPass&& other) noexcept {
    std::swap(account_, other.account_);
    std::swap(in_flight_, other.in_flight_);
    return *this;
  }
  ~LimitPass() { Leave(); }

  // Whether anything limits the namespace.
  bool limited() const { return account_ != nullptr; }

  // One more request that this call stands for. RESOURCE_EXHAUSTED: it is to be refused.
  absl::Status EnterAgain(size_t request_bytes) {
    return limited() ? account_->EnterAgain(static_cast<int64_t>(request_bytes)) : absl::OkStatus();
  }

  // Bytes that the call reads after its first message, or sends.
  void Charge(size_t bytes) {
    if (account_ != nullptr) account_->Charge(static_cast<int64_t>(bytes));
  }

  // From now on the call waits, and is not one of those in flight.
  void Park() {
    if (std::exchange(in_flight_, false)) account_->Land();
  }

  // The call is over.
  void Leave() {
    Park();
    if (account_ != nullptr) std::exchange(account_, nullptr)->LetGo();
  }

 private:
  NamespaceAccount* account_ = nullptr;
  bool in_flight_ = false;
};

class NamespaceLimits {
 public:
  static constexpr size_t kStripes = 64;
  static constexpr size_t kMaxPerStripe = 64;

  // REQUIRES: `clock` outlives it.
  NamespaceLimits(LimitRules rules, const cachecore::Clock* clock);

  // A call of `ns` that has come with `request_bytes`. RESOURCE_EXHAUSTED: it is to be refused with that.
  // The pass must not outlive this.
  absl::StatusOr<LimitPass> Enter(absl::string_view ns, size_t request_bytes);

  // Namespaces without a name in the rules that are told apart now.
  size_t tracked() const;

 private:
  using Accounts = absl::flat_hash_map<std::string, std::unique_ptr<NamespaceAccount>>;

  struct alignas(64) Stripe {
    mutable cachecore::Mutex mutex;
    Accounts accounts ABSL_GUARDED_BY(mutex);
  };

  // Held; null: nothing limits it.
  NamespaceAccount* Find(absl::string_view ns);
  NamespaceAccount* FindOther(absl::string_view ns);
  static void ForgetIdle(Stripe& stripe) ABSL_EXCLUSIVE_LOCKS_REQUIRED(stripe.mutex);

  const LimitRules rules_;
  const cachecore::Clock* const clock_;
  Accounts named_;  // Never changed once made; null where nothing limits calls.
  NamespaceAccount beyond_;
  std::array<Stripe, kStripes> stripes_;
};

// The same, where there may be no limits at all (null). The pass is the call's: it is left when the call is over.
inline absl::Status EnterNamespace(NamespaceLimits* limits, absl::string_view ns, size_t request_bytes,
                                   LimitPass* pass) {
  if (limits == nullptr) return absl::OkStatus();
  absl::StatusOr<LimitPass> entered = limits->Enter(ns, request_bytes);
  if (!entered.ok()) return entered.status();
  *pass = *std::move(entered);
  return absl::OkStatus();
}

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_NAMESPACE_LIMITS_H_

// Stacks of tiers on a real Redis, made to be asked and waited for.
#ifndef PARACLE_TESTS_CACHECORE_REDIS_STACK_H_
#define PARACLE_TESTS_CACHECORE_REDIS_STACK_H_

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/cache_factory.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"
#include "tests/support/redis_process.h"

namespace paracle::cachecore {

// Waits until `condition` holds. False: not within `seconds`.
inline bool Eventually(const std::function<bool()>& condition, double seconds = 10) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < give_up) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return condition();
}

inline SharedTierOptions SharedOptions(const std::string& url, const std::string& prefix) {
  SharedTierOptions options;
  options.client.deployment = *redis::Deployment::Parse(url);
  // A test's machine is busy; what slowness does has tests of its own.
  options.client.operation_timeout = absl::Seconds(2);
  options.prefix = prefix;
  return options;
}

// One replica.
class Replica {
 public:
  Replica(const SharedTierOptions& shared, StatsLedger* ledger, const Clock* clock, MemoryCacheOptions memory = {}) {
    CacheOptions options;
    options.memory = memory;
    options.shared = shared;
    stack_ = *MakeCache(options, ledger, clock);
  }

  SharedTier& shared() { return *stack_.shared; }
  Cache& cache() { return *stack_.cache; }
  LeasedCache& leases() { return *stack_.leases; }
  bool WaitUntilUsable() {
    return Eventually([this] { return stack_.shared->status().usable; });
  }

  GetOutcome Get(int question, const std::string& ns = "default") {
    std::promise<GetOutcome> answered;
    cache().Get({.ns = ns, .digest = DigestOfQuestion(question)}, absl::InfiniteFuture(),
                [&](GetOutcome outcome) { answered.set_value(std::move(outcome)); });
    return answered.get_future().get();
  }

  std::optional<Hit> Find(int question, const std::string& ns = "default") {
    GetOutcome outcome = Get(question, ns);
    if (!std::holds_alternative<Hit>(outcome)) return std::nullopt;
    return std::get<Hit>(std::move(outcome));
  }

  FillToken TokenOf(int question) { return std::get<Miss>(Get(question)).fill_token; }

  absl::StatusOr<SetOutcome> Set(const Answer& answer) {
    std::promise<absl::StatusOr<SetOutcome>> answered;
    const absl::string_view payload[] = {answer.payload};
    cache().Set(answer.Spec(payload), absl::InfiniteFuture(),
                [&](absl::StatusOr<SetOutcome> outcome) { answered.set_value(std::move(outcome)); });
    return answered.get_future().get();
  }

  absl::StatusOr<InvalidateOutcome> Invalidate(const InvalidationTarget& target, bool dry_run = false) {
    std::promise<absl::StatusOr<InvalidateOutcome>> answered;
    cache().Invalidate(target, dry_run,
                       [&](absl::StatusOr<InvalidateOutcome> outcome) { answered.set_value(std::move(outcome)); });
    return answered.get_future().get();
  }

 private:
  CacheStack stack_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_REDIS_STACK_H_

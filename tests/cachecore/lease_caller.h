// Callers that ask for leases and wait for what they are told; stacks of tiers to ask, with leases on top.
#ifndef PARACLE_TESTS_CACHECORE_LEASE_CALLER_H_
#define PARACLE_TESTS_CACHECORE_LEASE_CALLER_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/cache_factory.h"
#include "cachecore/lease.h"
#include "cachecore/leased_cache.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {

// What a caller is told, and by what name a test says it.
enum class Told { kNothing, kHit, kMiss, kLease, kPending };

inline std::ostream& operator<<(std::ostream& out, Told told) {
  constexpr const char* kNames[] = {"nothing", "hit", "miss", "lease", "pending"};
  return out << kNames[static_cast<int>(told)];
}

struct CallerOptions {
  std::string holder = "someone";
  std::string ns = "default";
  absl::Duration wait = absl::Seconds(20);
  absl::Duration hold = absl::Seconds(20);
  absl::Time deadline = absl::InfiniteFuture();
};

class Caller final : public LeaseCall {
 public:
  explicit Caller(int question, const CallerOptions& options = {}) {
    ns = options.ns;
    digest = DigestOfQuestion(question);
    model = "gpt-4";
    holder = options.holder;
    deadline = options.deadline;
    hold = options.hold;
    wait = options.wait;
  }
  Caller(const Caller&) = delete;

  Caller& Ask(LeasedCache& cache) {
    cache.Get(*this);
    return *this;
  }

  void Answer(LeaseOutcome outcome) override {
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(outcome_) << "answered twice";
    outcome_ = std::move(outcome);
    answered_at_ = std::chrono::steady_clock::now();
    changed_.notify_all();
  }

  bool cancelled() const override { return cancelled_; }

  // Goes away. True: it will not be answered.
  bool GoAway(LeasedCache& cache) {
    cancelled_ = true;
    return cache.Cancel(*this);
  }

  // Waits until it is told something, 20 s at most.
  Told Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return outcome_.has_value(); });
    return ToldLocked();
  }

  Told told() const {
    std::lock_guard lock(mutex_);
    return ToldLocked();
  }

  // REQUIRES: it was told so.
  const Hit& hit() const { return std::get<Hit>(*outcome_); }
  const Lease& lease() const { return std::get<Lease>(*outcome_); }
  const Pending& pending() const { return std::get<Pending>(*outcome_); }
  const FillToken& token() const {
    return told() == Told::kMiss ? std::get<Miss>(*outcome_).fill_token : lease().token;
  }

  double MillisecondsSince(std::chrono::steady_clock::time_point then) const {
    return std::chrono::duration<double, std::milli>(answered_at_ - then).count();
  }

 private:
  Told ToldLocked() const { return outcome_ ? static_cast<Told>(outcome_->index() + 1) : Told::kNothing; }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<LeaseOutcome> outcome_;
  std::chrono::steady_clock::time_point answered_at_;
  std::atomic<bool> cancelled_ = false;
};

// What a caller does when it has, or has lost, a lease; each waits for its answer.
inline absl::StatusOr<SetOutcome> Fill(Cache& cache, const cachecore::Answer& answer) {
  std::promise<absl::StatusOr<SetOutcome>> told;
  const absl::string_view payload[] = {answer.payload};
  cache.Set(answer.Spec(payload), absl::InfiniteFuture(),
            [&](absl::StatusOr<SetOutcome> outcome) { told.set_value(std::move(outcome)); });
  return told.get_future().get();
}

inline absl::StatusOr<absl::Duration> Renew(LeasedCache& cache, int question, FillToken token, absl::Duration hold) {
  std::promise<absl::StatusOr<absl::Duration>> told;
  cache.Renew({.ns = "default", .digest = DigestOfQuestion(question)}, "gpt-4", token, hold,
              [&](absl::StatusOr<absl::Duration> left) { told.set_value(std::move(left)); });
  return told.get_future().get();
}

inline void Release(LeasedCache& cache, int question, FillToken token) {
  std::promise<void> told;
  cache.Release({.ns = "default", .digest = DigestOfQuestion(question)}, token, [&] { told.set_value(); });
  told.get_future().get();
}

inline absl::StatusOr<InvalidateOutcome> Forget(Cache& cache, const InvalidationTarget& target) {
  std::promise<absl::StatusOr<InvalidateOutcome>> told;
  cache.Invalidate(target, false,
                   [&](absl::StatusOr<InvalidateOutcome> outcome) { told.set_value(std::move(outcome)); });
  return told.get_future().get();
}

inline InvalidationTarget ByDigest(int question) {
  return {
      .ns = "default", .kind = InvalidationTarget::Kind::kDigest, .digest = DigestOfQuestion(question), .value = ""};
}

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_LEASE_CALLER_H_

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cachecore/error.h"
#include "gtest/gtest.h"
#include "service/limits/limit_refusal.h"
#include "service/limits/namespace_limits.h"
#include "tests/support/fake_clock.h"

namespace paracle::service {
namespace {

LimitRules Rules(absl::string_view text) { return *LimitRules::Parse(text); }

class NamespaceLimitsTest : public testing::Test {
 protected:
  int Admitted(NamespaceLimits& limits, absl::string_view ns, int calls) {
    int admitted = 0;
    for (int i = 0; i < calls; ++i) admitted += limits.Enter(ns, 0).ok() ? 1 : 0;
    return admitted;
  }

  cachecore::FakeClock clock_;
};

TEST_F(NamespaceLimitsTest, RequestsBeyondTheRateAreRefusedWithTheLimitAndWhenToComeBack) {
  NamespaceLimits limits(Rules("acme:rps=10"), &clock_);
  EXPECT_EQ(Admitted(limits, "acme", 10), 10);
  const absl::Status refusal = limits.Enter("acme", 0).status();
  EXPECT_EQ(refusal.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refusal.message(), "namespace \"acme\" is over its limit of 10 requests/s (rps); try again later");
  EXPECT_EQ(cachecore::ReasonOf(refusal), kReasonNamespaceLimit);
  EXPECT_EQ(cachecore::RetryDelayOf(refusal), absl::Milliseconds(100));
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(Admitted(limits, "acme", 5), 1);
}

TEST_F(NamespaceLimitsTest, OneNamespaceTakesNothingFromAnother) {
  NamespaceLimits limits(Rules("*:rps=10"), &clock_);
  EXPECT_EQ(Admitted(limits, "greedy", 1000), 10);
  EXPECT_EQ(Admitted(limits, "modest", 10), 10);
}

TEST_F(NamespaceLimitsTest, CallsInFlightCountUntilTheyAreOverOrWait) {
  NamespaceLimits limits(Rules("*:in_flight=2"), &clock_);
  auto first = limits.Enter("a", 0);
  auto second = limits.Enter("a", 0);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(limits.Enter("a", 0).status().message(),
            "namespace \"a\" is over its limit of 2 calls in flight (in_flight); try again later");
  first->Park();
  EXPECT_TRUE(limits.Enter("a", 0).ok()) << "and is over at once";
  second->Leave();
  auto third = limits.Enter("a", 0);
  auto fourth = limits.Enter("a", 0);
  EXPECT_TRUE(third.ok() && fourth.ok());
  EXPECT_FALSE(limits.Enter("a", 0).ok());
}

TEST_F(NamespaceLimitsTest, RefusedCallsTakeNothing) {
  NamespaceLimits limits(Rules("*:in_flight=1,rps=5,bytes=100"), &clock_);
  auto held = limits.Enter("a", 0);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.Enter("a", 1000).ok());
  held->Leave();
  EXPECT_EQ(Admitted(limits, "a", 10), 4);
}

TEST_F(NamespaceLimitsTest, BytesOfRequestsAndAnswersAreOwedAndThenKeepOthersOut) {
  NamespaceLimits limits(Rules("a:bytes=1000"), &clock_);
  auto call = limits.Enter("a", 500);
  ASSERT_TRUE(call.ok());
  call->Charge(2500);
  const absl::Status refusal = limits.Enter("a", 1).status();
  EXPECT_EQ(refusal.message(), "namespace \"a\" is over its limit of 1000 bytes/s (bytes); try again later");
  EXPECT_EQ(cachecore::RetryDelayOf(refusal), absl::Seconds(2));
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(limits.Enter("a", 1).ok());
}

TEST_F(NamespaceLimitsTest, OneLargerThanASecondsBytesIsAdmittedAndPaidOff) {
  NamespaceLimits limits(Rules("a:bytes=1000"), &clock_);
  EXPECT_TRUE(limits.Enter("a", 5000).ok());
  EXPECT_FALSE(limits.Enter("a", 1).ok());
  clock_.Advance(absl::Seconds(4));
  EXPECT_TRUE(limits.Enter("a", 1).ok());
}

TEST_F(NamespaceLimitsTest, WhatHasNoLimitIsNotTracked) {
  NamespaceLimits limits(Rules("acme:rps=1;free:rps=none"), &clock_);
  EXPECT_EQ(Admitted(limits, "free", 1000), 1000);
  EXPECT_EQ(Admitted(limits, "other", 1000), 1000);
  EXPECT_EQ(limits.tracked(), 0);
}

TEST_F(NamespaceLimitsTest, InventedNamespacesAreBoundedAndThoseBeyondShareOneAccount) {
  NamespaceLimits limits(Rules("named:rps=2;*:rps=10"), &clock_);
  constexpr int kInvented = 100'000;
  int admitted = 0;
  for (int i = 0; i < kInvented; ++i) admitted += Admitted(limits, absl::StrCat("invented-", i), 1);
  constexpr size_t kMost = NamespaceLimits::kStripes * NamespaceLimits::kMaxPerStripe;
  EXPECT_EQ(limits.tracked(), kMost);
  EXPECT_EQ(admitted, kMost + 10);
  EXPECT_EQ(limits.Enter("one-more", 0).status().message(),
            "what namespaces without an account of their own share (there are too many) is over its limit of 10 "
            "requests/s (rps); try again later");
  EXPECT_EQ(Admitted(limits, "named", 3), 2) << "who has a name has its own account";
}

TEST_F(NamespaceLimitsTest, IdleNamespacesMakeRoomAndBusyOnesStay) {
  NamespaceLimits limits(Rules("*:rps=10,in_flight=1"), &clock_);
  auto busy = limits.Enter("busy", 0);
  for (int i = 0; i < 100'000; ++i) Admitted(limits, absl::StrCat("invented-", i), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Admitted(limits, "late", 1), 1);
  EXPECT_FALSE(limits.Enter("busy", 0).ok()) << "its call is still in flight";
  busy->Leave();
  EXPECT_TRUE(limits.Enter("busy", 0).ok());
}

TEST_F(NamespaceLimitsTest, ThreadsOfManyNamespacesLeaveNothingBehind) {
  NamespaceLimits limits(Rules("*:in_flight=1000000"), &clock_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        auto pass = limits.Enter(absl::StrCat("ns-", i % 10'000), 10);
        ASSERT_TRUE(pass.ok());
        pass->Charge(10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // All are idle, so as many new ones fit as at first.
  EXPECT_LE(limits.tracked(), NamespaceLimits::kStripes * NamespaceLimits::kMaxPerStripe);
  EXPECT_TRUE(limits.Enter("new", 0).ok());
}

}  // namespace
}  // namespace paracle::service

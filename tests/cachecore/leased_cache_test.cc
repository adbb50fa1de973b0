// Leases of one server alone, over memory.
#include "cachecore/leased_cache.h"

#include <cstdio>
#include <deque>
#include <memory>
#include <string>

#include "cachecore/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_caller.h"

namespace paracle::cachecore {
namespace {

using std::chrono::steady_clock;
using Kind = InvalidationTarget::Kind;

class LeasedCacheTest : public testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void Start(const LeaseOptions& leases, const MemoryCacheOptions& memory = {}) {
    CacheOptions options;
    options.leases = leases;
    options.memory = memory;
    stack_ = std::make_unique<CacheStack>(*MakeCache(options, &ledger_, Clock::System()));
  }

  LeasedCache& cache() { return *stack_->leases; }
  Caller& Ask(int question, const CallerOptions& options = {}) {
    return callers_.emplace_back(question, options).Ask(cache());
  }
  // Callers that wait for the answer that somebody else makes.
  std::deque<Caller*> AskAndWait(int question, int count, const CallerOptions& options = {}) {
    std::deque<Caller*> waiting;
    for (int i = 0; i < count; ++i) waiting.push_back(&Ask(question, options));
    for (Caller* caller : waiting) EXPECT_EQ(caller->told(), Told::kNothing);
    return waiting;
  }
  void ExpectNothingLeft() {
    EXPECT_EQ(cache().counters().held, 0);
    EXPECT_EQ(cache().counters().waiting, 0);
  }

  StatsLedger ledger_{{}, Clock::System()};
  std::deque<Caller> callers_;
  std::unique_ptr<CacheStack> stack_;
};

TEST_F(LeasedCacheTest, TheFirstIsGivenTheLeaseAndTheOthersHitOnceItHasFilled) {
  Caller& first = Ask(1);
  ASSERT_EQ(first.told(), Told::kLease);
  EXPECT_EQ(first.lease().hold, absl::Seconds(20));
  EXPECT_FALSE(first.lease().token.alone) << "alone is who should not be";
  const auto others = AskAndWait(1, 20);
  EXPECT_EQ(cache().counters().waiting, 20);
  EXPECT_EQ(cache().counters().held, 1);
  ASSERT_TRUE(Fill(cache(), {.question = 1, .payload = "the answer", .fill_token = first.token()}).ok());
  for (Caller* caller : others) {
    ASSERT_EQ(caller->Wait(), Told::kHit);
    EXPECT_EQ(caller->hit().entry->payload(), "the answer");
  }
  EXPECT_EQ(cache().counters().granted, 1);
  EXPECT_EQ(cache().counters().coalesced, 20);
  EXPECT_EQ(Ask(1).told(), Told::kHit);
  EXPECT_EQ(cache().counters().coalesced, 20) << "that one has not waited";
  ExpectNothingLeft();
}

TEST_F(LeasedCacheTest, OtherQuestionsAndNamespacesHaveLeasesOfTheirOwn) {
  EXPECT_EQ(Ask(1).told(), Told::kLease);
  EXPECT_EQ(Ask(2).told(), Told::kLease);
  EXPECT_EQ(Ask(1, {.ns = "other"}).told(), Told::kLease);
}

TEST_F(LeasedCacheTest, WhoeverDoesNotWaitIsToldToAskAgainAndUntilWhenTheLeaseHolds) {
  ASSERT_EQ(Ask(1).told(), Told::kLease);
  Caller& other = Ask(1, {.wait = absl::ZeroDuration()});
  ASSERT_EQ(other.told(), Told::kPending);
  EXPECT_GT(other.pending().retry_after, absl::ZeroDuration());
  EXPECT_GT(other.pending().expire_time, absl::Now() + absl::Seconds(10));
}

TEST_F(LeasedCacheTest, ASliceOfWaitingEndsInTimeAndSaysUntilWhenTheLeaseHolds) {
  ASSERT_EQ(Ask(1).told(), Told::kLease);
  Caller& short_wait = Ask(1, {.wait = absl::Milliseconds(50)});
  Caller& short_deadline = Ask(1, {.deadline = absl::Now() + absl::Seconds(1)});
  for (Caller* caller : {&short_wait, &short_deadline}) {
    ASSERT_EQ(caller->Wait(), Told::kPending);
    EXPECT_EQ(caller->pending().retry_after, absl::ZeroDuration());
    EXPECT_GT(caller->pending().expire_time, absl::Now() + absl::Seconds(10));
  }
  EXPECT_LT(absl::Now(), short_deadline.deadline) << "before the caller gives up";
  EXPECT_EQ(cache().counters().waiting, 0);
}

TEST_F(LeasedCacheTest, AReleasedLeaseGoesToTheFirstWhoWaitsWithin50Milliseconds) {
  Caller& first = Ask(1);
  auto others = AskAndWait(1, 3);
  const auto before = steady_clock::now();
  Release(cache(), 1, first.token());
  ASSERT_EQ(others[0]->Wait(), Told::kLease);
  const double took = others[0]->MillisecondsSince(before);
  printf("released to leased: %.3f ms\n", took);
  EXPECT_LT(took, 1000) << "50 on a machine that is not busy";
  EXPECT_EQ(others[1]->told(), Told::kNothing);
  ASSERT_TRUE(Fill(cache(), {.question = 1, .fill_token = others[0]->token()}).ok());
  EXPECT_EQ(others[1]->Wait(), Told::kHit);
  EXPECT_EQ(others[2]->Wait(), Told::kHit);
}

TEST_F(LeasedCacheTest, ReleasingALeaseThatIsLostHurtsNobody) {
  Caller& first = Ask(1);
  Release(cache(), 1, first.token());
  Caller& second = Ask(1);
  ASSERT_EQ(second.told(), Told::kLease);
  auto others = AskAndWait(1, 1);
  Release(cache(), 1, first.token());
  EXPECT_EQ(others[0]->told(), Told::kNothing);
  EXPECT_TRUE(Fill(cache(), {.question = 1, .fill_token = second.token()}).ok());
}

TEST_F(LeasedCacheTest, ALeaseThatIsNotRenewedGoesToTheFirstWhoWaits) {
  const auto before = steady_clock::now();
  Caller& dead = Ask(1, {.hold = absl::Milliseconds(100)});
  auto others = AskAndWait(1, 2);
  ASSERT_EQ(others[0]->Wait(), Told::kLease);
  printf("expired to leased: %.1f ms\n", others[0]->MillisecondsSince(before) - 100);
  const auto late = Fill(cache(), {.question = 1, .payload = "late", .fill_token = dead.token()});
  EXPECT_EQ(ReasonOf(late.status()), kReasonLeaseLost);
  EXPECT_EQ(ReasonOf(Renew(cache(), 1, dead.token(), absl::Seconds(1)).status()), kReasonLeaseLost);
  ASSERT_TRUE(Fill(cache(), {.question = 1, .payload = "in time", .fill_token = others[0]->token()}).ok());
  ASSERT_EQ(others[1]->Wait(), Told::kHit);
  EXPECT_EQ(others[1]->hit().entry->payload(), "in time");
}

TEST_F(LeasedCacheTest, ARenewedLeaseHoldsButNoLongerThanTheCap) {
  Start({.limits = {}, .max_hold = absl::Milliseconds(600)});
  Caller& holder = Ask(1, {.hold = absl::Milliseconds(200)});
  auto others = AskAndWait(1, 1);
  const auto left = Renew(cache(), 1, holder.token(), absl::Hours(1));
  ASSERT_TRUE(left.ok());
  EXPECT_GT(*left, absl::ZeroDuration());
  EXPECT_LE(*left, absl::Milliseconds(600));
  ASSERT_EQ(others[0]->Wait(), Told::kLease) << "though it was to be held for an hour";
  EXPECT_EQ(ReasonOf(Renew(cache(), 1, holder.token(), absl::Hours(1)).status()), kReasonLeaseLost);
}

TEST_F(LeasedCacheTest, ASetWithALostTokenChangesNothingForTheAnswerAndForWhoWaits) {
  Caller& first = Ask(1);
  Release(cache(), 1, first.token());
  Caller& second = Ask(1);
  auto others = AskAndWait(1, 2);
  const auto late = Fill(cache(), {.question = 1, .payload = "late", .fill_token = first.token()});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(late.status()), kReasonLeaseLost);
  EXPECT_EQ(cache().counters().waiting, 2);
  EXPECT_EQ(cache().counters().held, 1);
  EXPECT_EQ(stack_->cache->GetUsage().entries, 0);
  ASSERT_TRUE(Fill(cache(), {.question = 1, .payload = "right", .fill_token = second.token()}).ok());
  for (Caller* caller : others) {
    ASSERT_EQ(caller->Wait(), Told::kHit);
    EXPECT_EQ(caller->hit().entry->payload(), "right");
  }
  EXPECT_FALSE(Fill(cache(), {.question = 1, .payload = "late", .fill_token = first.token()}).ok());
  EXPECT_EQ(Ask(1).hit().entry->payload(), "right");
}

TEST_F(LeasedCacheTest, TheSameSetTwiceIsOkTwice) {
  Caller& first = Ask(1);
  const Answer answer{.question = 1, .fill_token = first.token()};
  EXPECT_TRUE(Fill(cache(), answer).ok());
  EXPECT_TRUE(Fill(cache(), answer).ok());
  EXPECT_EQ(Ask(1).told(), Told::kHit);
}

TEST_F(LeasedCacheTest, ASetWithoutALeaseIsStoredAndWakesWhoWaits) {
  Caller& holder = Ask(1);
  auto others = AskAndWait(1, 2);
  ASSERT_TRUE(Fill(cache(), {.question = 1, .payload = "warmed"}).ok());
  for (Caller* caller : others) EXPECT_EQ(caller->Wait(), Told::kHit);
  EXPECT_TRUE(Fill(cache(), {.question = 1, .fill_token = holder.token()}).ok()) << "the lease was not touched";
}

// P3.
TEST_F(LeasedCacheTest, P3_AnInvalidationEndsTheLeaseAndTheFirstWhoWaitsIsGivenANewOne) {
  const struct {
    const char* why;
    InvalidationTarget target;
  } kCases[] = {
      {"of the question", ByDigest(1)},
      {"of its model", {.ns = "default", .kind = Kind::kModel, .digest = {}, .value = "gpt-4"}},
      {"of its namespace", {.ns = "default", .kind = Kind::kNamespace, .digest = {}, .value = ""}},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    Caller& stale = Ask(1);
    ASSERT_EQ(stale.told(), Told::kLease);
    auto others = AskAndWait(1, 2);
    ASSERT_TRUE(Forget(cache(), c.target).ok());
    ASSERT_EQ(others[0]->Wait(), Told::kLease);
    EXPECT_EQ(others[1]->told(), Told::kNothing);
    const auto late = Fill(cache(), {.question = 1, .payload = "stale", .fill_token = stale.token()});
    EXPECT_EQ(late.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(Renew(cache(), 1, stale.token(), absl::Seconds(1)).status()), kReasonLeaseLost);
    EXPECT_EQ(others[1]->told(), Told::kNothing) << "what the stale one does is not theirs";
    ASSERT_TRUE(Fill(cache(), {.question = 1, .payload = "fresh", .fill_token = others[0]->token()}).ok());
    ASSERT_EQ(others[1]->Wait(), Told::kHit);
    EXPECT_EQ(others[1]->hit().entry->payload(), "fresh");
    ASSERT_TRUE(Forget(cache(), c.target).ok());
  }
}

TEST_F(LeasedCacheTest, P3_ASetAfterAnInvalidationIsStaleAndTheFirstWhoWaitsIsGivenTheLease) {
  // A tag is known with the answer only, so nothing but the Set itself can tell.
  Caller& stale = Ask(1);
  auto others = AskAndWait(1, 2);
  ASSERT_TRUE(Forget(cache(), {.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "t"}).ok());
  EXPECT_EQ(others[0]->told(), Told::kNothing);
  const auto late = Fill(cache(), {.question = 1, .tags = {"t"}, .fill_token = stale.token()});
  EXPECT_EQ(ReasonOf(late.status()), kReasonStaleFillToken);
  ASSERT_EQ(others[0]->Wait(), Told::kLease);
  ASSERT_TRUE(Fill(cache(), {.question = 1, .tags = {"t"}, .fill_token = others[0]->token()}).ok());
  EXPECT_EQ(others[1]->Wait(), Told::kHit);
  ExpectNothingLeft();
}

TEST_F(LeasedCacheTest, P3_WithNobodyWaitingTheNextWhoAsksIsGivenTheLease) {
  Caller& stale = Ask(1);
  ASSERT_TRUE(Forget(cache(), ByDigest(1)).ok());
  Caller& next = Ask(1);
  EXPECT_EQ(next.told(), Told::kLease);
  EXPECT_FALSE(Fill(cache(), {.question = 1, .fill_token = stale.token()}).ok());
  EXPECT_TRUE(Fill(cache(), {.question = 1, .fill_token = next.token()}).ok());
}

TEST_F(LeasedCacheTest, AnAnswerThatNoTierKeepsHasThoseWhoWaitMissAtOnce) {
  Start({}, {.max_bytes = 1 << 20});
  Caller& holder = Ask(1);
  auto others = AskAndWait(1, 5);
  const auto outcome =
      Fill(cache(), {.question = 1, .payload = std::string(2 << 20, 'x'), .fill_token = holder.token()});
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->stored_in_memory);
  for (Caller* caller : others) EXPECT_EQ(caller->Wait(), Told::kMiss) << "not one after the other";
  ExpectNothingLeft();
}

TEST_F(LeasedCacheTest, WhoeverGoesAwayLeavesTheLine) {
  Caller& holder = Ask(1);
  auto others = AskAndWait(1, 3);
  EXPECT_TRUE(others[0]->GoAway(cache()));
  EXPECT_FALSE(others[0]->GoAway(cache()));
  EXPECT_EQ(cache().counters().waiting, 2);
  Release(cache(), 1, holder.token());
  EXPECT_EQ(others[1]->Wait(), Told::kLease);
  EXPECT_TRUE(others[2]->GoAway(cache()));
  EXPECT_EQ(others[0]->told(), Told::kNothing);
  EXPECT_EQ(cache().counters().waiting, 0);
}

TEST_F(LeasedCacheTest, NobodyWaitsOnceWaitingIsStopped) {
  Ask(1);
  auto others = AskAndWait(1, 3);
  cache().StopWaiting();
  for (Caller* caller : others) {
    EXPECT_EQ(caller->Wait(), Told::kPending);
    EXPECT_EQ(caller->pending().retry_after, absl::ZeroDuration());
  }
  EXPECT_EQ(Ask(1).told(), Told::kPending);
  EXPECT_EQ(Ask(2).told(), Told::kLease) << "leases are given all the same";
}

TEST_F(LeasedCacheTest, WhoeverHoldsAsManyLeasesAsItMayMisses) {
  Start({.limits = {.max_leases_per_holder = 2}});
  EXPECT_EQ(Ask(1).told(), Told::kLease);
  EXPECT_EQ(Ask(2).told(), Told::kLease);
  Caller& third = Ask(3);
  ASSERT_EQ(third.told(), Told::kMiss);
  EXPECT_EQ(third.token().lease, 0u);
  EXPECT_TRUE(Fill(cache(), {.question = 3, .fill_token = third.token()}).ok());
  EXPECT_EQ(Ask(4, {.holder = "another"}).told(), Told::kLease);
}

TEST_F(LeasedCacheTest, AWaitingCallerThatMayHoldNoMoreMissesAndTheNextIsGivenTheLease) {
  Start({.limits = {.max_leases_per_holder = 1}});
  Caller& holder = Ask(1, {.holder = "a"});
  ASSERT_EQ(Ask(2, {.holder = "b"}).told(), Told::kLease);
  Caller& full = Ask(1, {.holder = "b"});
  Caller& next = Ask(1, {.holder = "c"});
  Release(cache(), 1, holder.token());
  EXPECT_EQ(full.Wait(), Told::kMiss);
  EXPECT_EQ(next.Wait(), Told::kLease);
}

TEST_F(LeasedCacheTest, WhoeverFindsTheLineFullIsToldWhenToAskAgain) {
  Start({.limits = {.max_waiters = 2}});
  Ask(1);
  AskAndWait(1, 2);
  Caller& third = Ask(1);
  ASSERT_EQ(third.told(), Told::kPending);
  EXPECT_GT(third.pending().retry_after, absl::ZeroDuration());
}

TEST_F(LeasedCacheTest, DestroyingItAnswersWhoeverWaits) {
  Ask(1);
  auto others = AskAndWait(1, 3);
  stack_.reset();
  for (Caller* caller : others) EXPECT_EQ(caller->told(), Told::kPending);
}

}  // namespace
}  // namespace paracle::cachecore

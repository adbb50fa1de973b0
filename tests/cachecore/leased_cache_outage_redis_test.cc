// Leases while the shared tier is away, and when it comes back.
#include <memory>
#include <string>

#include "cachecore/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_replica.h"
#include "tests/support/fault_proxy.h"

namespace paracle::cachecore {
namespace {

constexpr absl::Duration kTimeout = absl::Milliseconds(100);

class LeaseOutageTest : public testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    a_ = std::make_unique<LeaseReplica>(server_->Url(), LeaseOptions{}, kTimeout);
    b_ = std::make_unique<LeaseReplica>(server_->Url(), LeaseOptions{}, kTimeout);
    ASSERT_TRUE(a_->WaitUntilUsable());
    ASSERT_TRUE(b_->WaitUntilUsable());
    ASSERT_TRUE(WaitUntilSubscribed(*server_, 2));
  }

  void RedisGoes() {
    server_->Kill();
    ASSERT_TRUE(a_->WaitUntilUsable(false));
    ASSERT_TRUE(b_->WaitUntilUsable(false));
  }
  void RedisComesBackEmpty() {
    const uint64_t before = a_->Epoch();
    server_->Restart();
    // Until a server has heard of the restart, what it gives is of the old history and refused later.
    ASSERT_TRUE(Eventually([&] { return a_->Epoch() != before && a_->Epoch() == b_->Epoch(); }));
    ASSERT_TRUE(a_->WaitUntilUsable());
    ASSERT_TRUE(b_->WaitUntilUsable());
    ASSERT_TRUE(WaitUntilSubscribed(*server_, 2));
  }

  std::unique_ptr<support::RedisProcess> server_;
  std::unique_ptr<LeaseReplica> a_, b_;
};

TEST_F(LeaseOutageTest, EachServerGivesLeasesAloneAndSaysSo) {
  RedisGoes();
  Caller& here = a_->Ask(1);
  ASSERT_EQ(here.Wait(), Told::kLease);
  EXPECT_TRUE(here.token().alone);
  Caller& there = b_->Ask(1);
  ASSERT_EQ(there.Wait(), Told::kLease) << "once for each server";
  Caller& waits = a_->AskAndWait(1);
  EXPECT_EQ(a_->cache().counters().granted_alone, 1);
  EXPECT_TRUE(a_->cache().counters().alone);
  EXPECT_TRUE(Renew(a_->cache(), 1, here.token(), absl::Seconds(20)).ok());
  ASSERT_TRUE(Fill(a_->cache(), {.question = 1, .fill_token = here.token()}).ok());
  EXPECT_EQ(waits.Wait(), Told::kHit);
  ASSERT_TRUE(Fill(b_->cache(), {.question = 1, .fill_token = there.token()}).ok());
}

TEST_F(LeaseOutageTest, WhoeverWaitsForSomebodyElsewhereIsGivenALeaseHere) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& first = b_->AskAndWait(1);
  Caller& second = b_->AskAndWait(1);
  RedisGoes();
  ASSERT_EQ(first.Wait(), Told::kLease);
  EXPECT_TRUE(first.token().alone);
  EXPECT_EQ(second.told(), Told::kNothing) << "one for each server";
  ASSERT_TRUE(Fill(b_->cache(), {.question = 1, .fill_token = first.token()}).ok());
  EXPECT_EQ(second.Wait(), Told::kHit);
}

TEST_F(LeaseOutageTest, ALeaseFromBeforeHoldsWhereItWasGiven) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  RedisGoes();
  Caller& other = a_->AskAndWait(1);
  EXPECT_TRUE(Renew(a_->cache(), 1, holder.token(), absl::Seconds(20)).ok());
  EXPECT_EQ(Renew(b_->cache(), 1, holder.token(), absl::Seconds(20)).status().code(), absl::StatusCode::kUnavailable)
      << "there nobody can tell";
  const auto outcome = Fill(a_->cache(), {.question = 1, .fill_token = holder.token()});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->stored_in_memory);
  EXPECT_FALSE(outcome->stored_in_shared);
  EXPECT_EQ(other.Wait(), Told::kHit);
}

TEST_F(LeaseOutageTest, ALeaseGivenAloneThatSomebodyElseHasByNowIsLost) {
  RedisGoes();
  Caller& dead = a_->Ask(1, {.hold = absl::Milliseconds(50)});
  ASSERT_EQ(dead.Wait(), Told::kLease);
  Caller& other = a_->Ask(1);
  ASSERT_EQ(other.Wait(), Told::kLease);
  EXPECT_EQ(ReasonOf(Fill(a_->cache(), {.question = 1, .fill_token = dead.token()}).status()), kReasonLeaseLost);
  EXPECT_TRUE(Fill(a_->cache(), {.question = 1, .fill_token = other.token()}).ok());
}

TEST_F(LeaseOutageTest, WhenRedisIsBackLeasesAreSharedAgain) {
  RedisGoes();
  ASSERT_EQ(a_->Ask(1).Wait(), Told::kLease);
  RedisComesBackEmpty();
  EXPECT_FALSE(a_->cache().counters().alone);
  Caller& holder = a_->Ask(2);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  EXPECT_FALSE(holder.token().alone);
  Caller& other = b_->AskAndWait(2);
  ASSERT_TRUE(Fill(a_->cache(), {.question = 2, .fill_token = holder.token()}).ok());
  EXPECT_EQ(other.Wait(), Told::kHit);
}

TEST_F(LeaseOutageTest, P3_ALeaseFromBeforeARestartIsLostAndAskedForOnceMore) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& here = a_->AskAndWait(1);
  Caller& there = b_->AskAndWait(1);
  server_->Kill();
  server_->Restart();
  ASSERT_TRUE(Eventually([&] { return here.told() == Told::kLease || there.told() == Told::kLease; }));
  const auto late = Fill(a_->cache(), {.question = 1, .payload = "old", .fill_token = holder.token()});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kFailedPrecondition) << late.status();
  ASSERT_TRUE(a_->WaitUntilUsable());
  ASSERT_TRUE(b_->WaitUntilUsable());
  // Whoever got a lease fills it, until both have an answer.
  ASSERT_TRUE(Eventually([&] {
    for (auto [replica, caller] : {std::pair(a_.get(), &here), std::pair(b_.get(), &there)}) {
      if (caller->told() == Told::kLease) (void)Fill(replica->cache(), {.question = 1, .fill_token = caller->token()});
    }
    return here.told() != Told::kNothing && there.told() != Told::kNothing;
  }));
}

TEST_F(LeaseOutageTest, WhoWaitedBeforeANewHistoryIsAnsweredWithWhatBeganBeforeItAndNobodyElseIs) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& first = a_->AskAndWait(1);
  Caller& second = a_->AskAndWait(1);
  RedisGoes();
  RedisComesBackEmpty();
  const auto late = Fill(a_->cache(), {.question = 1, .payload = "old", .fill_token = holder.token()});
  EXPECT_EQ(ReasonOf(late.status()), kReasonStaleFillToken);
  for (Caller* caller : {&first, &second}) {
    ASSERT_EQ(caller->Wait(), Told::kHit);
    EXPECT_EQ(caller->hit().entry->payload(), "old");
    EXPECT_TRUE(caller->hit().degraded);
  }
  EXPECT_EQ(a_->Ask(1).Wait(), Told::kLease) << "it is kept nowhere";
}

TEST_F(LeaseOutageTest, ALeaseGivenAloneBeforeANewHistoryAnswersThoseWhoWaitedToo) {
  RedisGoes();
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& waits = a_->AskAndWait(1);
  RedisComesBackEmpty();
  EXPECT_EQ(ReasonOf(Fill(a_->cache(), {.question = 1, .fill_token = holder.token()}).status()), kReasonStaleFillToken);
  EXPECT_EQ(waits.Wait(), Told::kHit);
}

TEST_F(LeaseOutageTest, P3_WhoAsksInANewHistoryIsNotAnsweredWithWhatBeganBefore) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  RedisGoes();
  RedisComesBackEmpty();
  Caller& again = a_->Ask(1);
  ASSERT_EQ(again.Wait(), Told::kLease);
  Caller& waits = a_->AskAndWait(1);
  EXPECT_FALSE(Fill(a_->cache(), {.question = 1, .payload = "old", .fill_token = holder.token()}).ok());
  EXPECT_EQ(waits.told(), Told::kNothing);
  ASSERT_TRUE(Fill(a_->cache(), {.question = 1, .payload = "new", .fill_token = again.token()}).ok());
  ASSERT_EQ(waits.Wait(), Told::kHit);
  EXPECT_EQ(waits.hit().entry->payload(), "new");
}

TEST_F(LeaseOutageTest, WithStrictConsistencyNobodyIsAnsweredWithWhatBeganInAnEarlierHistory) {
  LeaseReplica strict(server_->Url(), {}, kTimeout, Consistency::kStrict);
  ASSERT_TRUE(strict.WaitUntilUsable());
  Caller& holder = strict.Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& waits = strict.AskAndWait(1);
  RedisGoes();
  server_->Restart();
  ASSERT_EQ(waits.Wait(), Told::kLease) << "asks again, and is the next";
}

TEST_F(LeaseOutageTest, AFillThatRedisDoesNotAcknowledgeIsInMemoryAndNobodyElsewhereWaitsForIt) {
  support::FaultProxy proxy(server_->Port());
  LeaseReplica c(proxy.Url(), {}, kTimeout);
  ASSERT_TRUE(c.WaitUntilUsable());
  Caller& holder = c.Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& here = c.AskAndWait(1);
  Caller& there = b_->AskAndWait(1);
  Caller& first_fill = c.Ask(2);
  ASSERT_EQ(first_fill.Wait(), Told::kLease);
  ASSERT_TRUE(Fill(c.cache(), {.question = 2, .fill_token = first_fill.token()}).ok())
      << "so that Redis has the script";
  // Redis carries it out, and nobody hears.
  proxy.Set({.kind = support::Fault::Kind::kDrop, .command = "EVALSHA"});
  const auto outcome = Fill(c.cache(), {.question = 1, .payload = "x", .fill_token = holder.token()});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(outcome->stored_in_shared);
  EXPECT_TRUE(outcome->stored_in_memory);
  EXPECT_EQ(here.Wait(), Told::kHit);
  EXPECT_EQ(there.Wait(), Told::kHit) << "it was carried out all the same";
}

TEST_F(LeaseOutageTest, ALeaseThatRedisDidNotAnswerForIsGivenAlone) {
  support::FaultProxy proxy(server_->Port());
  LeaseReplica c(proxy.Url(), {}, kTimeout);
  ASSERT_TRUE(c.WaitUntilUsable());
  proxy.Set({.kind = support::Fault::Kind::kDrop, .command = "EVALSHA"});
  Caller& holder = c.Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  EXPECT_TRUE(holder.token().alone);
  proxy.Heal();
  EXPECT_TRUE(Fill(c.cache(), {.question = 1, .fill_token = holder.token()}).ok());
  EXPECT_EQ(b_->Ask(1).Wait(), Told::kHit);
}

TEST_F(LeaseOutageTest, DestroyingItWhileRedisDoesNotAnswerAnswersEverybody) {
  server_->Stop();
  std::vector<Caller*> callers;
  for (int i = 0; i < 20; ++i) callers.push_back(&a_->Ask(i));
  a_->Destroy();
  server_->Continue();
  for (Caller* caller : callers) EXPECT_NE(caller->told(), Told::kNothing);
}

}  // namespace
}  // namespace paracle::cachecore

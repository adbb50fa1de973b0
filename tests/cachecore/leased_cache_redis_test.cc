// Leases of two servers on one Redis.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "cachecore/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_replica.h"
#include "tests/support/fault_proxy.h"

namespace paracle::cachecore {
namespace {

using std::chrono::steady_clock;
using Kind = InvalidationTarget::Kind;

class LeasedReplicasTest : public testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    proxy_ = std::make_unique<support::FaultProxy>(server_->Port());
    a_ = std::make_unique<LeaseReplica>(server_->Url());
    b_ = std::make_unique<LeaseReplica>(proxy_->Url());
    ASSERT_TRUE(a_->WaitUntilUsable());
    ASSERT_TRUE(b_->WaitUntilUsable());
    ASSERT_TRUE(WaitUntilSubscribed(*server_, 2));
  }

  // From here on B hears nothing of what is told on channels.
  void LoseMessages() { proxy_->Set(support::Fault::DropMessages(1)); }

  std::unique_ptr<support::RedisProcess> server_;
  std::unique_ptr<support::FaultProxy> proxy_;
  std::unique_ptr<LeaseReplica> a_, b_;
};

TEST_F(LeasedReplicasTest, OneIsGivenTheLeaseAndWhoWaitsAnywhereHitsOnceItHasFilled) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  EXPECT_FALSE(holder.token().alone);
  std::vector<Caller*> others;
  for (int i = 0; i < 10; ++i) others.push_back(&(i % 2 == 0 ? a_ : b_)->AskAndWait(1));
  const auto before = steady_clock::now();
  const auto outcome = Fill(a_->cache(), {.question = 1, .payload = "the answer", .fill_token = holder.token()});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->stored_in_shared);
  double slowest = 0;
  for (Caller* caller : others) {
    ASSERT_EQ(caller->Wait(), Told::kHit);
    EXPECT_EQ(caller->hit().entry->payload(), "the answer");
    slowest = std::max(slowest, caller->MillisecondsSince(before));
  }
  printf("filled there to hit here: %.2f ms\n", slowest);
  EXPECT_EQ(a_->cache().counters().granted + b_->cache().counters().granted, 1);
  EXPECT_TRUE(Eventually([&] { return a_->cache().counters().held == 0; }));
}

TEST_F(LeasedReplicasTest, ALeaseIsFilledByWayOfTheOtherServer) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& other = a_->AskAndWait(1);
  const Answer answer{.question = 1, .fill_token = holder.token()};
  ASSERT_TRUE(Fill(b_->cache(), answer).ok());
  EXPECT_EQ(other.Wait(), Told::kHit);
  EXPECT_TRUE(Fill(a_->cache(), answer).ok()) << "a retry that went to the other one";
  EXPECT_TRUE(Eventually([&] { return a_->cache().counters().held == 0; })) << "given there, over here";
}

TEST_F(LeasedReplicasTest, AReleasedLeaseGoesToWhoeverWaitsOnTheOtherServerWithin50Milliseconds) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& other = b_->AskAndWait(1);
  const auto before = steady_clock::now();
  Release(a_->cache(), 1, holder.token());
  ASSERT_EQ(other.Wait(), Told::kLease);
  printf("released there to leased here: %.2f ms\n", other.MillisecondsSince(before));
  EXPECT_LT(other.MillisecondsSince(before), 1000) << "50 on a machine that is not busy";
  EXPECT_TRUE(Fill(b_->cache(), {.question = 1, .fill_token = other.token()}).ok());
}

TEST_F(LeasedReplicasTest, ALeaseThatIsNotRenewedGoesToWhoeverWaitsOnTheOtherServer) {
  Caller& dead = a_->Ask(1, {.hold = absl::Milliseconds(300)});
  ASSERT_EQ(dead.Wait(), Told::kLease);
  const auto given = steady_clock::now();
  Caller& other = b_->AskAndWait(1);
  ASSERT_EQ(other.Wait(), Told::kLease);
  printf("expired there to leased here: %.1f ms\n", other.MillisecondsSince(given) - 300);
  const auto late = Fill(a_->cache(), {.question = 1, .fill_token = dead.token()});
  EXPECT_EQ(ReasonOf(late.status()), kReasonLeaseLost);
  EXPECT_TRUE(Fill(b_->cache(), {.question = 1, .fill_token = other.token()}).ok());
}

TEST_F(LeasedReplicasTest, ALeaseIsRenewedByWayOfEitherServer) {
  Caller& holder = a_->Ask(1, {.hold = absl::Milliseconds(500)});
  ASSERT_EQ(holder.Wait(), Told::kLease);
  const auto there = Renew(b_->cache(), 1, holder.token(), absl::Seconds(20));
  ASSERT_TRUE(there.ok()) << there.status();
  EXPECT_EQ(*there, absl::Seconds(20));
  EXPECT_TRUE(Eventually([&] {
    const auto held = a_->cache().HeldHere(a_->cache().TagOf(holder.id()));
    return held && held->until > Clock::System()->MonotonicNanos() + 10'000'000'000;
  })) << "the server that gave it is told";
  EXPECT_TRUE(Renew(a_->cache(), 1, holder.token(), absl::Seconds(20)).ok());
  Release(b_->cache(), 1, holder.token());
  EXPECT_EQ(ReasonOf(Renew(a_->cache(), 1, holder.token(), absl::Seconds(20)).status()), kReasonLeaseLost);
}

TEST_F(LeasedReplicasTest, ASetWithALostTokenChangesNothingAnywhere) {
  Caller& first = a_->Ask(1);
  ASSERT_EQ(first.Wait(), Told::kLease);
  Release(a_->cache(), 1, first.token());
  Caller& second = b_->Ask(1);
  ASSERT_EQ(second.Wait(), Told::kLease);
  Caller& waits_here = a_->AskAndWait(1);
  Caller& waits_there = b_->AskAndWait(1);
  const auto late = Fill(a_->cache(), {.question = 1, .payload = "late", .fill_token = first.token()});
  EXPECT_EQ(ReasonOf(late.status()), kReasonLeaseLost);
  EXPECT_TRUE(Eventually([&] { return a_->cache().counters().waiting == 1; }));
  EXPECT_EQ(b_->cache().counters().waiting, 1);
  ASSERT_TRUE(Fill(b_->cache(), {.question = 1, .payload = "right", .fill_token = second.token()}).ok());
  for (Caller* caller : {&waits_here, &waits_there}) {
    ASSERT_EQ(caller->Wait(), Told::kHit);
    EXPECT_EQ(caller->hit().entry->payload(), "right");
  }
}

TEST_F(LeasedReplicasTest, P3_AnInvalidationHereEndsTheLeaseThatWasGivenThere) {
  const InvalidationTarget kTargets[] = {
      ByDigest(1),
      {.ns = "default", .kind = Kind::kModel, .digest = {}, .value = "gpt-4"},
      {.ns = "default", .kind = Kind::kNamespace, .digest = {}, .value = ""},
  };
  for (const InvalidationTarget& target : kTargets) {
    SCOPED_TRACE(static_cast<int>(target.kind));
    Caller& stale = a_->Ask(1);
    ASSERT_EQ(stale.Wait(), Told::kLease);
    Caller& next = b_->AskAndWait(1);
    ASSERT_TRUE(Forget(b_->cache(), target).ok());
    ASSERT_EQ(next.Wait(), Told::kLease);
    const auto late = Fill(a_->cache(), {.question = 1, .payload = "stale", .fill_token = stale.token()});
    EXPECT_EQ(late.status().code(), absl::StatusCode::kFailedPrecondition);
    ASSERT_TRUE(Fill(b_->cache(), {.question = 1, .payload = "fresh", .fill_token = next.token()}).ok());
    ASSERT_TRUE(Forget(a_->cache(), target).ok());
    ASSERT_TRUE(Eventually([&] {
      Caller probe(1, {.wait = absl::ZeroDuration()});
      probe.Ask(b_->cache());
      const Told told = probe.Wait();
      if (told == Told::kLease) Release(b_->cache(), 1, probe.token());
      return told == Told::kLease;
    })) << "the other server learns of it";
  }
}

TEST_F(LeasedReplicasTest, AFillWhoseMessageIsLostIsFoundByLookingAgainWithinASecond) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& other = b_->AskAndWait(1);
  LoseMessages();
  const auto before = steady_clock::now();
  ASSERT_TRUE(Fill(a_->cache(), {.question = 1, .fill_token = holder.token()}).ok());
  ASSERT_EQ(other.Wait(), Told::kHit);
  printf("filled there to hit here without the message: %.0f ms\n", other.MillisecondsSince(before));
  EXPECT_LT(other.MillisecondsSince(before), 5000) << "1000 on a machine that is not busy";
}

TEST_F(LeasedReplicasTest, AReleaseWhoseMessageIsLostIsFoundByLookingAgainWithinASecond) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& other = b_->AskAndWait(1);
  LoseMessages();
  const auto before = steady_clock::now();
  Release(a_->cache(), 1, holder.token());
  ASSERT_EQ(other.Wait(), Told::kLease);
  printf("released there to leased here without the message: %.0f ms\n", other.MillisecondsSince(before));
  EXPECT_LT(other.MillisecondsSince(before), 5000) << "1000 on a machine that is not busy";
}

TEST_F(LeasedReplicasTest, ALeaseThatIsOverElsewhereIsFoundFreeThoughNobodyWaitsForLong) {
  // Given here, given back there, and the message is lost: who gave it must not go on taking it for held. Clients wait
  // in slices that are shorter than the time after which a line looks again.
  Caller& holder = b_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  LoseMessages();
  Release(a_->cache(), 1, holder.token());
  const auto before = steady_clock::now();
  Told told = Told::kPending;
  for (int slice = 0; slice < 20 && told == Told::kPending; ++slice) {
    told = b_->Ask(1, {.wait = absl::Milliseconds(400)}).Wait();
  }
  EXPECT_EQ(told, Told::kLease);
  EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(5));
}

TEST_F(LeasedReplicasTest, WhoeverWaitsLongIsNotSentAwayForHavingLookedOften) {
  LeaseReplica often(server_->Url(), {.limits = {}, .look_interval = absl::Milliseconds(2)});
  ASSERT_TRUE(often.WaitUntilUsable());
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& other = often.AskAndWait(1);
  const auto scripts_run = [&] {
    const std::string stats = server_->Command({"INFO", "commandstats"}).text;
    const size_t at = stats.find("cmdstat_evalsha:calls=");
    return at == std::string::npos ? 0 : std::atoi(stats.c_str() + at + sizeof("cmdstat_evalsha:calls=") - 1);
  };
  const int before = scripts_run();
  ASSERT_TRUE(Eventually([&] { return scripts_run() > before + 50; })) << "it looks";
  EXPECT_EQ(other.told(), Told::kNothing);
  ASSERT_TRUE(Fill(a_->cache(), {.question = 1, .fill_token = holder.token()}).ok());
  EXPECT_EQ(other.Wait(), Told::kHit);
}

TEST_F(LeasedReplicasTest, AnAnswerThatRedisDoesNotKeepHasNobodyWaitForIt) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& here = a_->AskAndWait(1);
  Caller& there = b_->AskAndWait(1);
  server_->Command({"CONFIG", "SET", "maxmemory", "1"});
  const auto outcome = Fill(a_->cache(), {.question = 1, .fill_token = holder.token()});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(outcome->stored_in_shared);
  EXPECT_TRUE(outcome->stored_in_memory);
  EXPECT_EQ(here.Wait(), Told::kHit);
  server_->Command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(there.Wait(), Told::kLease) << "long before the lease would have ended";
}

TEST_F(LeasedReplicasTest, WhoeverGoesAwayWhileRedisIsAskedIsNotLeftInTheLine) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  for (int i = 0; i < 100; ++i) {
    Caller& caller = b_->Ask(1);
    if (i % 2 == 0) std::this_thread::yield();
    EXPECT_TRUE(caller.GoAway(b_->cache()) || caller.Wait() == Told::kPending);
  }
  EXPECT_EQ(b_->cache().counters().waiting, 0);
}

TEST_F(LeasedReplicasTest, OneServerGoesAndTheOthersWaitOn) {
  Caller& holder = a_->Ask(1);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  Caller& here = a_->AskAndWait(1);
  Caller& there = b_->AskAndWait(1);
  Caller& asking = a_->Ask(2);
  a_->Destroy();
  EXPECT_EQ(here.told(), Told::kPending);
  EXPECT_NE(asking.told(), Told::kNothing);
  EXPECT_EQ(there.told(), Told::kNothing);
  ASSERT_TRUE(Fill(b_->cache(), {.question = 1, .fill_token = holder.token()}).ok()) << "by way of the other";
  EXPECT_EQ(there.Wait(), Told::kHit);
}

}  // namespace
}  // namespace paracle::cachecore

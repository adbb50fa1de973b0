// Memory in front of a real Redis: promotion, replicas, and what remains when Redis is away.
#include "absl/strings/match.h"
#include "cachecore/error.h"
#include "cachecore/tiered_cache.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/redis_stack.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

InvalidationTarget Question(int question) {
  return {.ns = "default", .kind = Kind::kDigest, .digest = DigestOfQuestion(question), .value = ""};
}

InvalidationTarget Everything() { return {.ns = "default", .kind = Kind::kNamespace, .digest = {}, .value = ""}; }

class TieredCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    a_ = MakeReplica();
    b_ = MakeReplica();
  }

  std::unique_ptr<Replica> MakeReplica(Consistency consistency = Consistency::kAvailable) {
    SharedTierOptions options = SharedOptions(server_->Url(), "tiered:");
    options.consistency = consistency;
    options.client.operation_timeout = absl::Milliseconds(200);
    auto replica = std::make_unique<Replica>(options, &ledger_, &clock_);
    EXPECT_TRUE(replica->WaitUntilUsable());
    return replica;
  }

  bool BecomesUnusable(Replica& replica) {
    return Eventually([&] { return !replica.shared().status().usable; });
  }

  FakeClock clock_;
  StatsLedger ledger_{{}, &clock_};
  std::unique_ptr<support::RedisProcess> server_;
  std::unique_ptr<Replica> a_, b_;
};

TEST_F(TieredCacheTest, ASetIsAcknowledgedByBothTiersAndSeenByTheOtherReplica) {
  const Answer answer{
      .question = 1,
      .payload = std::string(5000, 'x'),
      .model = "m",
      .tags = {"t"},
      .origin = {.prompt_tokens = 7, .completion_tokens = 8, .cost_usd = 0.25, .latency = absl::Milliseconds(1500)}};
  const auto outcome = a_->Set(answer);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->stored_in_memory);
  EXPECT_TRUE(outcome->stored_in_shared);

  const std::optional<Hit> hit = b_->Find(1);
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->tier, Tier::kShared);
  EXPECT_EQ(hit->hit_count, 1u);
  EXPECT_EQ(hit->entry->payload(), answer.payload);
  EXPECT_EQ(hit->entry->label().model(), "m");
  EXPECT_EQ(hit->entry->origin().cost_usd, 0.25);
  EXPECT_EQ(hit->entry->origin().latency, absl::Milliseconds(1500));
  EXPECT_THAT(hit->entry->tags(), testing::ElementsAre("t"));

  const std::optional<Hit> again = b_->Find(1);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->tier, Tier::kMemory) << "the first hit was promoted";
  EXPECT_EQ(again->hit_count, 2u);
}

TEST_F(TieredCacheTest, APromotedEntryLivesNoLongerThanTheOriginal) {
  ASSERT_TRUE(a_->Set({.question = 1, .ttl = absl::Seconds(100)}).ok());
  clock_.Advance(absl::Seconds(60));
  const std::optional<Hit> hit = b_->Find(1);
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->entry->expire_time(), a_->Find(1)->entry->expire_time());
  clock_.Advance(absl::Seconds(40));
  EXPECT_FALSE(b_->Find(1)) << "in memory here, and in Redis by its own clock";
}

TEST_F(TieredCacheTest, P7_AnInvalidationOnOneReplicaIsSeenByTheOther) {
  for (const InvalidationTarget& target :
       {Question(1), InvalidationTarget{.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "t"},
        InvalidationTarget{.ns = "default", .kind = Kind::kModel, .digest = {}, .value = "gpt-4"}, Everything()}) {
    SCOPED_TRACE(static_cast<int>(target.kind));
    ASSERT_TRUE(a_->Set({.question = 1, .tags = {"t"}}).ok());
    ASSERT_TRUE(Eventually([this] { return b_->Find(1).has_value(); }));
    const auto removed = a_->Invalidate(target);
    ASSERT_TRUE(removed.ok()) << removed.status();
    EXPECT_EQ(removed->removed, 1);
    EXPECT_EQ(removed->estimated, target.kind != Kind::kDigest);
    EXPECT_FALSE(a_->Find(1));
    EXPECT_TRUE(Eventually([this] { return !b_->Find(1); }, 2));
  }
}

TEST_F(TieredCacheTest, P3_AFillBegunBeforeAnInvalidationElsewhereIsRefused) {
  const FillToken token = a_->TokenOf(1);
  ASSERT_TRUE(b_->Invalidate(Everything()).ok());
  ASSERT_TRUE(Eventually([&] { return a_->shared().state().marks.Now() != token; }, 2));
  const auto late = a_->Set({.question = 1, .fill_token = token});
  EXPECT_EQ(ReasonOf(late.status()), kReasonStaleFillToken);
  EXPECT_FALSE(a_->Find(1));
  EXPECT_FALSE(b_->Find(1));
}

TEST_F(TieredCacheTest, AnAnswerFromRedisNeverReplacesANewerOneInMemory) {
  ASSERT_TRUE(a_->Set({.question = 1, .payload = "old"}).ok());
  const std::optional<Hit> old = b_->shared().cache().usable() ? a_->Find(1) : std::nullopt;
  ASSERT_TRUE(old);
  MemoryCache memory({}, &a_->shared().state(), &ledger_, &clock_);
  const absl::string_view payload[] = {"new"};
  const Answer answer{.question = 1};
  ASSERT_TRUE(memory.Store(answer.Spec(payload)).ok());
  EXPECT_TRUE(memory.Promote(old->entry)) << "something is there";
  EXPECT_EQ(memory.Lookup({.ns = "default", .digest = DigestOfQuestion(1)})->entry->payload(), "new");
}

TEST_F(TieredCacheTest, P1_AnEntryUnderAnotherQuestionsKeyIsNeverServed) {
  ASSERT_TRUE(a_->Set({.question = 1, .payload = "of question 1"}).ok());
  const RedisKeys keys("tiered:");
  const std::string mine = keys.Entry({.ns = "default", .digest = DigestOfQuestion(1)});
  for (const EntryId& other : {EntryId{.ns = "default", .digest = DigestOfQuestion(2)},
                               EntryId{.ns = "other", .digest = DigestOfQuestion(1)}}) {
    ASSERT_EQ(server_->Command({"COPY", mine, keys.Entry(other)}).integer, 1);
  }
  EXPECT_FALSE(b_->Find(2));
  EXPECT_EQ(b_->shared().cache().counters().foreign, 1);
  EXPECT_TRUE(Eventually([this] {  // The connections are made anew meanwhile.
    EXPECT_FALSE(b_->Find(1, "other"));
    return b_->shared().cache().counters().foreign == 2;
  }));
  EXPECT_TRUE(Eventually([this] { return b_->Find(1).has_value(); })) << "what is right is served all the same";
}

TEST_F(TieredCacheTest, WhatCannotBeReadIsAMiss) {
  const RedisKeys keys("tiered:");
  int question = 0;
  for (const std::string& garbage : {std::string("garbage"), std::string("PRCL\x02 of a version to come"),
                                     std::string("PRCL"), std::string(100'000, '\0')}) {
    ++question;
    server_->Command({"SET", keys.Entry({.ns = "default", .digest = DigestOfQuestion(question)}), garbage});
    EXPECT_FALSE(a_->Find(question)) << question;
    ASSERT_TRUE(a_->Set({.question = question}).ok());
    EXPECT_TRUE(b_->Find(question)) << "it can be stored anew";
  }
  EXPECT_EQ(a_->shared().cache().counters().damaged, 4);
}

TEST_F(TieredCacheTest, ADryRunOfOneQuestionLooksInRedisToo) {
  ASSERT_TRUE(a_->Set({.question = 1}).ok());
  const auto counted = b_->Invalidate(Question(1), /*dry_run=*/true);
  ASSERT_TRUE(counted.ok());
  EXPECT_EQ(counted->removed, 1);
  EXPECT_FALSE(counted->estimated);
  EXPECT_TRUE(b_->Find(1));
}

TEST_F(TieredCacheTest, P5_WithoutRedisMemoryGoesOnAndSaysSo) {
  ASSERT_TRUE(a_->Set({.question = 1}).ok());
  server_->Kill();
  ASSERT_TRUE(BecomesUnusable(*a_));
  EXPECT_TRUE(Eventually([this] { return a_->Find(1)->degraded; }, 5)) << "hits are marked within two seconds";
  EXPECT_FALSE(a_->Find(2)) << "a miss, not an error";

  const auto outcome = a_->Set({.question = 2});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->stored_in_memory);
  EXPECT_FALSE(outcome->stored_in_shared);
  EXPECT_TRUE(a_->Find(2));

  const FillToken before = a_->TokenOf(3);
  const auto refused = a_->Invalidate(Everything());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused.status()), kReasonSharedTierUnavailable);
  EXPECT_FALSE(a_->Find(1)) << "applied here all the same";
  EXPECT_FALSE(a_->Set({.question = 3, .fill_token = before}).ok());
  EXPECT_TRUE(a_->Set({.question = 3, .fill_token = a_->TokenOf(3)}).ok());
  EXPECT_TRUE(a_->Find(3));
}

TEST_F(TieredCacheTest, RedisThatComesBackEmptyTakesNothingOldWithIt) {
  ASSERT_TRUE(a_->Set({.question = 1}).ok());
  const FillToken before = a_->TokenOf(2);
  server_->Kill();
  ASSERT_TRUE(BecomesUnusable(*a_));
  server_->Restart();
  ASSERT_TRUE(a_->WaitUntilUsable());
  EXPECT_TRUE(Eventually([this] { return !a_->Find(1); })) << "another history: what was valid before is not known";
  EXPECT_FALSE(a_->Set({.question = 2, .fill_token = before}).ok());
  ASSERT_TRUE(a_->Set({.question = 2, .fill_token = a_->TokenOf(2)})->stored_in_shared);
  ASSERT_TRUE(b_->WaitUntilUsable());
  EXPECT_TRUE(Eventually([this] { return b_->Find(2).has_value(); }));
}

TEST_F(TieredCacheTest, StrictConsistencyServesNothingThatMayBeOutdated) {
  const std::unique_ptr<Replica> strict = MakeReplica(Consistency::kStrict);
  ASSERT_TRUE(strict->Set({.question = 1}).ok());
  EXPECT_TRUE(strict->Find(1));
  server_->Stop();
  EXPECT_TRUE(Eventually([&] { return !strict->Find(1); }, 5));
  const auto outcome = strict->Set({.question = 1, .payload = "new"});
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->stored_in_memory);
  EXPECT_FALSE(outcome->stored_in_shared);
  server_->Continue();
  ASSERT_TRUE(strict->WaitUntilUsable());
  const std::optional<Hit> hit = strict->Find(1);
  EXPECT_TRUE(!hit || hit->tier == Tier::kShared) << "memory forgot what the caller has replaced";
}

TEST_F(TieredCacheTest, AStartWithoutRedisServesAndJoinsLater) {
  server_->Kill();
  SharedTierOptions options = SharedOptions(server_->Url(), "tiered:");
  Replica late(options, &ledger_, &clock_);
  ASSERT_TRUE(late.Set({.question = 1}).ok());
  EXPECT_TRUE(late.Find(1));
  EXPECT_FALSE(late.shared().status().usable);
  EXPECT_FALSE(late.shared().status().why_not.empty());
  server_->Restart();
  EXPECT_TRUE(late.WaitUntilUsable());
  EXPECT_TRUE(late.Set({.question = 2})->stored_in_shared);
}

TEST_F(TieredCacheTest, AStackEndsWhileCallsAreUnderWay) {
  server_->Stop();
  int answered = 0;
  {
    SharedTierOptions options = SharedOptions(server_->Url(), "tiered:");
    std::unique_ptr<Replica> ending = std::move(a_);
    for (int question = 0; question < 100; ++question) {
      ending->cache().Get({.ns = "default", .digest = DigestOfQuestion(question)}, absl::InfiniteFuture(),
                          [&](GetOutcome) { ++answered; });
    }
  }
  EXPECT_EQ(answered, 100);
}

}  // namespace
}  // namespace paracle::cachecore

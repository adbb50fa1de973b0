// What of the shared ledger outlives lost answers, lost servers and lost data.
#include <memory>
#include <optional>

#include "cachecore/shared_ledger.h"
#include "gtest/gtest.h"
#include "tests/cachecore/ledger_replica.h"
#include "tests/support/redis_process.h"

namespace paracle::cachecore {
namespace {

using support::RedisProcess;

class SharedLedgerLossRedisTest : public SharedLedgerTest {};

TEST_F(SharedLedgerLossRedisTest, ALostAcknowledgementIsNotCountedTwice) {
  const auto replica = NewReplica();
  replica->Hit(1);
  ASSERT_TRUE(replica->Flush());
  replica->client().LoseAnswers(true);
  replica->Hit(10);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(replica->shared().Flush(kPatience));
  EXPECT_GE(replica->client().lost(), 3);
  EXPECT_EQ(SeenByANewOne(), 11) << "they were carried out";
  EXPECT_EQ(replica->Hits(), 11) << "the replica does not know; it counts them as its own";
  replica->Hit(100);
  replica->client().LoseAnswers(false);
  ASSERT_TRUE(replica->Flush());
  EXPECT_EQ(replica->Hits(), 111);
  EXPECT_EQ(SeenByANewOne(), 111);
}

TEST_F(SharedLedgerLossRedisTest, WhatCouldNotBeSentWaits) {
  const auto replica = NewReplica();
  replica->Hit(1);
  ASSERT_TRUE(replica->Flush());
  server_.Save();
  server_.Kill();
  for (int i = 0; i < 3; ++i) {
    replica->Hit(10);
    EXPECT_FALSE(replica->shared().Flush(kPatience));
  }
  const SharedLedgerSnapshot away = replica->shared().Snapshot("");
  EXPECT_EQ(away.ledger.total.hits, 31) << "what is known of the others, and all of its own";
  EXPECT_TRUE(away.known_at.has_value());
  server_.Restart(RedisProcess::Data::kKeep);
  ASSERT_TRUE(replica->Flush());
  EXPECT_EQ(SeenByANewOne(), 31);
}

TEST_F(SharedLedgerLossRedisTest, WithoutRedisAReplicaShowsItsOwnAndSaysSo) {
  server_.Kill();
  Replica replica(server_.Url());
  replica.Hit(3, "a");
  replica.Hit(4, "b");
  EXPECT_FALSE(replica.shared().Flush(kPatience));
  EXPECT_EQ(replica.shared().Snapshot("").known_at, std::nullopt);
  EXPECT_EQ(replica.Hits(), 7);
  EXPECT_EQ(replica.Hits("b"), 4);
  EXPECT_FALSE(replica.Reset("").ok());
  server_.Restart();
  ASSERT_TRUE(replica.Flush());
  EXPECT_EQ(SeenByANewOne(), 7) << "what it counted before it knew the ledger is in it";
}

TEST_F(SharedLedgerLossRedisTest, SumsSurviveARedisThatLostEverything) {
  const auto gone = NewReplica();
  gone->Hit(100);
  ASSERT_TRUE(gone->Flush());
  const auto a = NewReplica();
  const auto b = NewReplica();
  a->Hit(10);
  b->Hit(1);
  ASSERT_TRUE(a->Flush());
  ASSERT_TRUE(b->Flush());
  server_.Restart(RedisProcess::Data::kEmpty);
  ASSERT_TRUE(b->Flush());
  ASSERT_TRUE(a->Flush());
  EXPECT_EQ(SeenByANewOne(), 111) << "also those of a replica that is no more";
  EXPECT_EQ(a->Hits(), 111);
}

TEST_F(SharedLedgerLossRedisTest, WhatWasNotSentIsAddedToWhatWasRestored) {
  const auto replica = NewReplica();
  replica->Hit(1);
  ASSERT_TRUE(replica->Flush());
  server_.Kill();
  const int connections = replica->client().options().data_connections + 1;
  ASSERT_TRUE(Eventually([&] { return replica->client().counters().disconnects >= connections; }));
  for (int i = 0; i < 3; ++i) {
    replica->Hit(10);
    EXPECT_FALSE(replica->shared().Flush(kPatience));
  }
  server_.Restart(RedisProcess::Data::kEmpty);
  ASSERT_TRUE(replica->Flush());
  EXPECT_EQ(SeenByANewOne(), 31);
}

TEST_F(SharedLedgerLossRedisTest, SumsSurviveAnOlderCopy) {
  const auto a = NewReplica();
  const auto b = NewReplica();
  a->Hit(10);
  ASSERT_TRUE(a->Flush());
  server_.Save();
  b->Hit(1);
  ASSERT_TRUE(b->Flush());
  a->Hit(100);
  ASSERT_TRUE(a->Flush());
  server_.Restart(RedisProcess::Data::kKeep);
  ASSERT_TRUE(b->Flush()) << "knows less than a, and more than Redis";
  ASSERT_TRUE(a->Flush());
  b->Hit(1000);
  ASSERT_TRUE(b->Flush());
  const int64_t seen = SeenByANewOne();
  EXPECT_GE(seen, 1011);
  EXPECT_LE(seen, 1111) << "nothing is counted twice";
}

TEST_F(SharedLedgerLossRedisTest, ADeltaInDoubtIsNotAddedToWhatWasRestored) {
  const auto in_doubt = NewReplica();
  in_doubt->Hit(1);
  ASSERT_TRUE(in_doubt->Flush());
  in_doubt->client().LoseAnswers(true);
  in_doubt->Hit(10);
  EXPECT_FALSE(in_doubt->shared().Flush(kPatience));
  const auto knows = NewReplica();
  ASSERT_TRUE(knows->Flush());
  ASSERT_EQ(knows->Hits(), 11) << "the delta in doubt is among what it knows";
  server_.Restart(RedisProcess::Data::kEmpty);
  ASSERT_TRUE(knows->Flush());
  in_doubt->client().LoseAnswers(false);
  in_doubt->Hit(100);
  ASSERT_TRUE(in_doubt->Flush());
  EXPECT_EQ(SeenByANewOne(), 111);
  EXPECT_EQ(in_doubt->Hits(), 111);
}

TEST_F(SharedLedgerLossRedisTest, AReplicaThatKnowsNothingLeavesTimeToThoseThatDo) {
  const auto knows = NewReplica();
  knows->Hit(10);
  ASSERT_TRUE(knows->Flush());
  server_.Restart(RedisProcess::Data::kEmpty);
  const auto fresh = NewReplica();
  fresh->Hit(1);
  fresh->shared().Start();
  fresh->shared().Wake();
  ASSERT_TRUE(Eventually([&] { return fresh->client().counters().sent >= 2; }));
  EXPECT_EQ(server_.CountKeys(), 0);
  ASSERT_TRUE(knows->Flush());
  ASSERT_TRUE(fresh->Flush());
  EXPECT_EQ(SeenByANewOne(), 11);
}

TEST_F(SharedLedgerLossRedisTest, AResetReachesAReplicaWhoseAcknowledgementsAreLost) {
  const auto a = NewReplica();
  const auto b = NewReplica();
  ASSERT_TRUE(a->Flush());
  ASSERT_TRUE(b->Flush());
  b->Hit(10, "x");
  b->client().LoseAnswers(true);
  EXPECT_FALSE(b->shared().Flush(kPatience));
  ASSERT_TRUE(a->Reset("x").ok());
  b->client().LoseAnswers(false);
  ASSERT_TRUE(b->Flush());
  EXPECT_EQ(b->Hits(), 0);
  EXPECT_EQ(SeenByANewOne(), 0);
}

TEST_F(SharedLedgerLossRedisTest, AResetIsKeptWhenRedisLosesEverything) {
  const auto a = NewReplica();
  a->Hit(10, "x");
  a->Hit(20, "y");
  ASSERT_TRUE(a->Flush());
  ASSERT_TRUE(a->Reset("x").ok());
  const absl::Time reset_at = a->shared().Snapshot("x").ledger.start_time;
  server_.Restart(RedisProcess::Data::kEmpty);
  ASSERT_TRUE(a->Flush());
  const auto b = NewReplica();
  ASSERT_TRUE(b->Flush());
  EXPECT_EQ(b->Hits(), 20);
  EXPECT_EQ(b->shared().Snapshot("x").ledger.start_time, reset_at);
  EXPECT_EQ(b->shared().Snapshot("y").ledger.start_time, a->shared().Snapshot("y").ledger.start_time);
}

TEST_F(SharedLedgerLossRedisTest, KeysThatAreNotOursHarmNothing) {
  const auto replica = NewReplica();
  server_.Command({"SET", "paracle:llm:{ledger}:meta", "something else"});
  replica->Hit(3);
  EXPECT_FALSE(replica->shared().Flush(kPatience));
  EXPECT_FALSE(replica->Reset("").ok());
  EXPECT_EQ(replica->Hits(), 3);
  server_.Command({"DEL", "paracle:llm:{ledger}:meta"});
  ASSERT_TRUE(replica->Flush());
  EXPECT_EQ(SeenByANewOne(), 3);
}

TEST_F(SharedLedgerLossRedisTest, WhoeverWaitsIsToldWhenItGoes) {
  auto replica = NewReplica();
  server_.Stop();
  replica->Hit(1);
  EXPECT_FALSE(replica->shared().Flush(absl::Milliseconds(20))) << "bounded";
  replica.reset();
  server_.Continue();
}

}  // namespace
}  // namespace paracle::cachecore

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cachecore/shared_ledger.h"
#include "gtest/gtest.h"
#include "tests/cachecore/ledger_replica.h"
#include "tests/support/redis_process.h"

namespace paracle::cachecore {
namespace {

using support::RedisProcess;

class SharedLedgerRedisTest : public SharedLedgerTest {};

TEST_F(SharedLedgerRedisTest, EveryReplicaShowsTheSumOfAll) {
  std::vector<std::unique_ptr<Replica>> replicas;
  for (int i = 1; i <= 3; ++i) {
    replicas.push_back(NewReplica());
    replicas.back()->Hit(10 * i);
    replicas.back()->Miss(i);
    replicas.back()->ledger().RecordSet(replicas.back()->ledger().RowFor("team", "gpt-4"), kOrigin);
    replicas.back()->ledger().RecordRemoval(replicas.back()->ledger().RowFor("o", ""), RemovalReason::kCapacity);
    ASSERT_TRUE(replicas.back()->Flush());
  }
  for (const auto& replica : replicas) {
    ASSERT_TRUE(replica->Flush()) << "to hear of the others";
    const SharedLedgerSnapshot snapshot = replica->shared().Snapshot("");
    ASSERT_TRUE(snapshot.known_at.has_value());
    ASSERT_EQ(snapshot.ledger.rows.size(), 2u);
    EXPECT_EQ(snapshot.ledger.rows[0].ns, "o");
    EXPECT_EQ(snapshot.ledger.rows[0].counts.evictions, 3);
    const LedgerCounts& counts = snapshot.ledger.rows[1].counts;
    EXPECT_EQ(counts.hits, 60);
    EXPECT_EQ(counts.misses, 6);
    EXPECT_EQ(counts.sets, 3);
    EXPECT_EQ(counts.cached_tokens, 60 * 120);
    EXPECT_EQ(counts.uncached_tokens, 3 * 120);
    EXPECT_DOUBLE_EQ(counts.saved_cost_usd, 15);
    EXPECT_EQ(counts.saved_time, 60 * absl::Milliseconds(1990));
    EXPECT_EQ(counts.cached_time, 60 * absl::Milliseconds(10));
    EXPECT_EQ(counts.uncached_time, absl::Seconds(6));
    EXPECT_EQ(counts.timed_sets, 3);
    EXPECT_EQ(snapshot.ledger.total.hits, 60);
    EXPECT_EQ(snapshot.ledger.total.evictions, 3);
  }
  EXPECT_EQ(replicas[0]->OwnHits(), 10) << "its own ledger is as it was";
  EXPECT_EQ(replicas[2]->shared().Snapshot("o").ledger.total.evictions, 3);
  EXPECT_EQ(replicas[2]->shared().Snapshot("o").ledger.total.hits, 0);
}

TEST_F(SharedLedgerRedisTest, CountsOfThisReplicaAreShownBeforeTheyAreAdded) {
  const auto replica = NewReplica();
  replica->Hit(5);
  ASSERT_TRUE(replica->Flush());
  replica->Hit(2);
  EXPECT_EQ(replica->Hits(), 7);
  EXPECT_EQ(SeenByANewOne(), 5);
}

TEST_F(SharedLedgerRedisTest, SumsOutliveTheReplicas) {
  for (int i = 1; i <= 3; ++i) {
    const auto replica = NewReplica();
    replica->Hit(10);
    ASSERT_TRUE(replica->Flush());
    EXPECT_EQ(replica->Hits(), 10 * i);
  }
}

TEST_F(SharedLedgerRedisTest, FlushesByItselfAndHearsOfTheOthers) {
  const SharedLedgerOptions often{.interval = absl::Milliseconds(10)};
  const auto a = NewReplica(often);
  const auto b = NewReplica(often);
  a->shared().Start();
  b->shared().Start();
  a->Hit(3);
  b->Hit(4);
  EXPECT_TRUE(Eventually([&] { return a->Hits() == 7 && b->Hits() == 7; }));
}

TEST_F(SharedLedgerRedisTest, ResetOfAllStartsEveryReplicaAgain) {
  const auto a = NewReplica();
  const auto b = NewReplica();
  a->Hit(10, "x");
  b->Hit(20, "y");
  ASSERT_TRUE(a->Flush());
  ASSERT_TRUE(b->Flush());
  b->Hit(5, "y");  // Counted before the reset: never added after it.
  const absl::Time before = absl::Now() - absl::Milliseconds(1);
  ASSERT_TRUE(a->Reset("").ok());
  EXPECT_EQ(a->Hits(), 0);
  EXPECT_EQ(a->OwnHits(), 0);
  EXPECT_GE(a->shared().Snapshot("").ledger.start_time, before);
  ASSERT_TRUE(b->Flush());
  EXPECT_EQ(b->Hits(), 0);
  EXPECT_EQ(b->OwnHits(), 0) << "the others' own counters follow";
  EXPECT_GE(b->shared().Snapshot("").ledger.start_time, before);
  a->Hit(1);
  b->Hit(2);
  ASSERT_TRUE(a->Flush());
  ASSERT_TRUE(b->Flush());
  EXPECT_EQ(SeenByANewOne(), 3);
  EXPECT_EQ(b->OwnHits(), 2);
}

TEST_F(SharedLedgerRedisTest, ResetOfANamespaceLeavesTheOthersAlone) {
  const auto a = NewReplica();
  const auto b = NewReplica();
  a->Hit(10, "x");
  a->Hit(1, "xy");  // A namespace whose name only begins like it.
  b->Hit(20, "x", "other model");
  b->Hit(30, "y");
  ASSERT_TRUE(a->Flush());
  ASSERT_TRUE(b->Flush());
  b->Hit(5, "x");
  b->Hit(6, "y");
  const absl::Time before = absl::Now() - absl::Milliseconds(1);
  ASSERT_TRUE(a->Reset("x").ok());
  ASSERT_TRUE(b->Flush());
  ASSERT_TRUE(a->Flush());
  for (const auto& replica : {a.get(), b.get()}) {
    EXPECT_EQ(replica->Hits("x"), 0);
    EXPECT_EQ(replica->OwnHits("x"), 0);
    EXPECT_EQ(replica->Hits("y"), 36) << "what was on its way for others is added";
    EXPECT_EQ(replica->Hits(""), 37);
    EXPECT_GE(replica->shared().Snapshot("x").ledger.start_time, before);
    EXPECT_LT(replica->shared().Snapshot("y").ledger.start_time, before);
  }
  b->Hit(7, "x");
  ASSERT_TRUE(b->Flush());
  EXPECT_EQ(SeenByANewOne(), 44);
}

TEST_F(SharedLedgerRedisTest, AResetMayBeTheFirstThatALedgerHearsOf) {
  const auto replica = NewReplica();
  replica->Hit(10);
  ASSERT_TRUE(replica->Reset("").ok());
  EXPECT_EQ(replica->Hits(), 0);
  replica->Hit(1);
  ASSERT_TRUE(replica->Flush());
  EXPECT_EQ(SeenByANewOne(), 1);
}

TEST_F(SharedLedgerRedisTest, ManyThreadsAndReplicasAreAddedExactly) {
  constexpr int kReplicas = 3, kThreads = 3, kHits = 20'000;
  std::vector<std::unique_ptr<Replica>> replicas;
  for (int i = 0; i < kReplicas; ++i) {
    replicas.push_back(NewReplica({.interval = absl::Milliseconds(1)}));
    replicas.back()->shared().Start();
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kReplicas * kThreads; ++i) {
    threads.emplace_back([&replica = *replicas[i % kReplicas], i] { replica.Hit(kHits, absl::StrCat("ns", i)); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& replica : replicas) ASSERT_TRUE(replica->Flush());
  const auto reader = NewReplica();
  ASSERT_TRUE(reader->Flush());
  const LedgerSnapshot sums = reader->shared().Snapshot("").ledger;
  EXPECT_EQ(sums.total.hits, kReplicas * kThreads * kHits);
  EXPECT_DOUBLE_EQ(sums.total.saved_cost_usd, kReplicas * kThreads * kHits * 0.25);
  EXPECT_EQ(sums.total.cached_tokens, int64_t{kReplicas} * kThreads * kHits * 120);
  EXPECT_EQ(sums.rows.size(), size_t{kReplicas * kThreads});
}

TEST_F(SharedLedgerRedisTest, RowsBeyondTheLimitAreOneRow) {
  const auto a = NewReplica({.interval = kNever, .max_rows = 3});
  const auto b = NewReplica({.interval = kNever, .max_rows = 3});
  for (const char* ns : {"a", "b", "c", "d"}) a->Hit(1, ns);
  ASSERT_TRUE(a->Flush());
  for (const char* ns : {"c", "d", "e"}) b->Hit(10, ns);
  ASSERT_TRUE(b->Flush());
  const LedgerSnapshot sums = b->shared().Snapshot("").ledger;
  ASSERT_EQ(sums.rows.size(), 4u);
  EXPECT_EQ(sums.rows[2].ns, "c");
  EXPECT_EQ(sums.rows[2].counts.hits, 11);
  EXPECT_TRUE(sums.rows[3].overflow);
  EXPECT_EQ(sums.rows[3].counts.hits, 21);
  EXPECT_EQ(sums.total.hits, 34);
}

TEST_F(SharedLedgerRedisTest, ManyRowsGoInPortionsAndNamesAreBytes) {
  const auto replica = NewReplica({.interval = kNever, .rows_per_flush = 10});
  for (int i = 0; i < 95; ++i) replica->Hit(1, absl::StrCat("ns", i));
  replica->Hit(1, "7:x", std::string("\0 %d\n\xff", 6));
  replica->Hit(1, "n:", "");
  ASSERT_TRUE(replica->Flush());
  const auto reader = NewReplica();
  ASSERT_TRUE(reader->Flush());
  EXPECT_EQ(reader->Hits(), 97);
  EXPECT_EQ(reader->Hits("7:x"), 1);
  EXPECT_EQ(reader->Hits("n:"), 1);
  EXPECT_EQ(reader->shared().Snapshot("7:x").ledger.rows[0].model, std::string("\0 %d\n\xff", 6));
  ASSERT_TRUE(reader->Reset("7:x").ok());
  EXPECT_EQ(reader->Hits(), 96);
}

TEST_F(SharedLedgerRedisTest, MoneyDoesNotDrift) {
  const auto replica = NewReplica();
  LedgerRow* const row = replica->ledger().RowFor("team", "tiny");
  Origin tiny;
  tiny.cost_usd = 0.0000004;
  for (int i = 0; i < 300; ++i) {
    replica->ledger().RecordHit(row, tiny, absl::Nanoseconds(400));
    ASSERT_TRUE(replica->Flush());
  }
  const auto reader = NewReplica();
  ASSERT_TRUE(reader->Flush());
  const LedgerCounts sums = reader->shared().Snapshot("").ledger.total;
  EXPECT_NEAR(sums.saved_cost_usd, 0.00012, 0.000001) << "none of these calls costs a millionth of a dollar";
  EXPECT_EQ(sums.cached_time, absl::Microseconds(120));
}

TEST_F(SharedLedgerRedisTest, EveryKeyIsUnderThePrefixAndInOneSlot) {
  const auto replica = NewReplica();
  replica->Hit(3);
  ASSERT_TRUE(replica->Flush());
  ASSERT_TRUE(replica->Reset("team").ok());
  replica->Hit(1);
  ASSERT_TRUE(replica->Flush());
  EXPECT_EQ(server_.CountKeys(), server_.CountKeys("paracle:llm:{ledger}:*"));
  EXPECT_EQ(server_.CountKeys(), 5);
}

TEST_F(SharedLedgerRedisTest, ItNeedsNoMoreThanItSays) {
  RedisProcess strict({.users = {{.name = "cache",
                                  .rules = "on >pw ~paracle:llm:* +evalsha +eval +get +set +del +hget +hset +hmget "
                                           "+hgetall +hincrby +hdel +hlen +zadd +zrem +zcard +zscore +zrange "
                                           "+zrangebyscore +ping +client|setname"}}});
  Replica replica(absl::StrCat("redis://cache:pw@127.0.0.1:", strict.Port(), "/0"));
  ASSERT_TRUE(replica.Connected());
  replica.Hit(3, "x");
  ASSERT_TRUE(replica.Flush());
  ASSERT_TRUE(replica.Reset("x").ok());
  ASSERT_TRUE(replica.Reset("").ok());
  replica.Hit(2);
  ASSERT_TRUE(replica.Flush());
  EXPECT_EQ(replica.Hits(), 2);
  EXPECT_TRUE(strict.AclLog().empty());
}

}  // namespace
}  // namespace paracle::cachecore

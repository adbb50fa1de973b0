#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cachecore/redis/client.h"
#include "cachecore/shared_ledger.h"
#include "gtest/gtest.h"
#include "tests/support/redis_process.h"

namespace paracle::cachecore {
namespace {

using support::RedisProcess;

constexpr Origin kOrigin{.prompt_tokens = 100, .completion_tokens = 20, .cost_usd = 0.25, .latency = absl::Seconds(2)};
constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr absl::Duration kNever = absl::Hours(1);

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(kPatience);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// Carries commands out, and loses what the server answered to flushes when it is told to.
class LossyClient final : public redis::Client {
 public:
  explicit LossyClient(std::unique_ptr<redis::Client> client) : client_(std::move(client)) {}

  void LoseAnswers(bool lose) { lose_ = lose; }
  int lost() const { return lost_; }

  void Send(redis::Lane lane, redis::Command command, absl::Duration timeout, Done done) override {
    const bool flush = absl::StrContains(command.wire(), ":seen:");
    client_->Send(lane, std::move(command), timeout,
                  [this, flush, done = std::move(done)](absl::StatusOr<redis::Reply> reply) mutable {
                    const bool unknown_script = reply.ok() && absl::IsNotFound(redis::StatusOf(*reply));
                    if (!flush || !lose_ || unknown_script) return std::move(done)(std::move(reply));
                    ++lost_;
                    std::move(done)(absl::DeadlineExceededError("lost"));
                  });
  }
  void RunAfter(absl::Duration delay, absl::AnyInvocable<void() &&> task) override {
    client_->RunAfter(delay, std::move(task));
  }
  bool available() const override { return client_->available(); }
  redis::ClientCounters counters() const override { return client_->counters(); }
  const redis::ClientOptions& options() const override { return client_->options(); }

 private:
  std::atomic<bool> lose_ = false;
  std::atomic<int> lost_ = 0;
  std::unique_ptr<redis::Client> client_;
};

// What one process of the service has. Flushes when it is told to, unless `options` say an interval.
class Replica {
 public:
  explicit Replica(const std::string& url, SharedLedgerOptions options = {.interval = kNever}) {
    redis::ClientOptions client_options;
    client_options.url = *redis::Url::Parse(url);
    auto connected = std::make_shared<std::promise<void>>();
    connected_ = connected->get_future();
    auto first = std::make_shared<std::atomic<bool>>(true);
    client_ = std::make_unique<LossyClient>(
        redis::Client::Create(std::move(client_options), {.on_control_connected = [connected, first] {
                                if (first->exchange(false)) connected->set_value();
                              }}));
    shared_ = std::make_unique<SharedLedger>(client_.get(), &ledger_, std::move(options), Clock::System());
  }

  bool Connected() { return connected_.wait_for(absl::ToChronoNanoseconds(kPatience)) == std::future_status::ready; }

  // Whether everything counted so far is added; asks again while it does not come through.
  bool Flush() {
    return Eventually([this] { return shared_->Flush(kPatience); });
  }

  absl::Status Reset(absl::string_view ns) {
    auto status = std::make_shared<std::promise<absl::Status>>();
    shared_->Reset(ns, [status](absl::Status told) { status->set_value(std::move(told)); });
    return status->get_future().get();
  }

  void Hit(int count, absl::string_view ns = "team", absl::string_view model = "gpt-4") {
    for (int i = 0; i < count; ++i) ledger_.RecordHit(ledger_.RowFor(ns, model), kOrigin, absl::Milliseconds(10));
  }
  void Miss(int count) {
    for (int i = 0; i < count; ++i) ledger_.RecordMiss(ledger_.RowFor("team", "gpt-4"));
  }

  int64_t Hits(absl::string_view ns = "") const { return shared_->Snapshot(ns).ledger.total.hits; }
  int64_t OwnHits(absl::string_view ns = "") const { return ledger_.Snapshot(ns).total.hits; }

  LossyClient& client() { return *client_; }
  StatsLedger& ledger() { return ledger_; }
  SharedLedger& shared() { return *shared_; }

 private:
  StatsLedger ledger_{{}, Clock::System()};
  std::future<void> connected_;
  std::unique_ptr<LossyClient> client_;
  std::unique_ptr<SharedLedger> shared_;  // Goes first.
};

class SharedLedgerRedisTest : public testing::Test {
 protected:
  std::unique_ptr<Replica> NewReplica(SharedLedgerOptions options = {.interval = kNever}) {
    auto replica = std::make_unique<Replica>(server_.Url(), std::move(options));
    EXPECT_TRUE(replica->Connected());
    return replica;
  }

  // What a replica that has just come sees.
  int64_t SeenByANewOne() {
    const auto replica = NewReplica();
    EXPECT_TRUE(replica->Flush());
    return replica->Hits();
  }

  RedisProcess server_;
};

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

TEST_F(SharedLedgerRedisTest, ALostAcknowledgementIsNotCountedTwice) {
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

TEST_F(SharedLedgerRedisTest, WhatCouldNotBeSentWaits) {
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

TEST_F(SharedLedgerRedisTest, WithoutRedisAReplicaShowsItsOwnAndSaysSo) {
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

TEST_F(SharedLedgerRedisTest, SumsSurviveARedisThatLostEverything) {
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

TEST_F(SharedLedgerRedisTest, WhatWasNotSentIsAddedToWhatWasRestored) {
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

TEST_F(SharedLedgerRedisTest, SumsSurviveAnOlderCopy) {
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

TEST_F(SharedLedgerRedisTest, ADeltaInDoubtIsNotAddedToWhatWasRestored) {
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

TEST_F(SharedLedgerRedisTest, AReplicaThatKnowsNothingLeavesTimeToThoseThatDo) {
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

TEST_F(SharedLedgerRedisTest, AResetReachesAReplicaWhoseAcknowledgementsAreLost) {
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

TEST_F(SharedLedgerRedisTest, AResetIsKeptWhenRedisLosesEverything) {
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

TEST_F(SharedLedgerRedisTest, KeysThatAreNotOursHarmNothing) {
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

TEST_F(SharedLedgerRedisTest, WhoeverWaitsIsToldWhenItGoes) {
  auto replica = NewReplica();
  server_.Stop();
  replica->Hit(1);
  EXPECT_FALSE(replica->shared().Flush(absl::Milliseconds(20))) << "bounded";
  replica.reset();
  server_.Continue();
}

}  // namespace
}  // namespace paracle::cachecore

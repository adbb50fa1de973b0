#include "cachecore/stats_ledger.h"

#include <cmath>
#include <limits>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {
namespace {

constexpr Origin kOrigin{.prompt_tokens = 100, .completion_tokens = 20, .cost_usd = 0.25, .latency = absl::Seconds(2)};

class StatsLedgerTest : public testing::Test {
 protected:
  FakeClock clock_;
  StatsLedger ledger_{LedgerOptions{.max_rows = 3}, &clock_};
};

TEST_F(StatsLedgerTest, CountsByTheFormulasOfTheProto) {
  LedgerRow* const row = ledger_.RowFor("ns", "gpt-4");
  ledger_.RecordMiss(row);
  ledger_.RecordSet(row, kOrigin);
  ledger_.RecordHit(row, kOrigin, absl::Milliseconds(10));
  ledger_.RecordHit(row, kOrigin, absl::Milliseconds(30));
  ledger_.RecordRemoval(row, RemovalReason::kCapacity);
  ledger_.RecordRemoval(row, RemovalReason::kExpired);
  ledger_.RecordRemoval(row, RemovalReason::kInvalidated);
  ledger_.RecordRemoval(row, RemovalReason::kInvalidated);
  const LedgerSnapshot snapshot = ledger_.Snapshot("");
  ASSERT_EQ(snapshot.rows.size(), 1u);
  for (const LedgerCounts& counts : {snapshot.total, snapshot.rows[0].counts}) {
    EXPECT_EQ(counts.hits, 2);
    EXPECT_EQ(counts.misses, 1);
    EXPECT_EQ(counts.sets, 1);
    EXPECT_EQ(counts.evictions, 1);
    EXPECT_EQ(counts.expirations, 1);
    EXPECT_EQ(counts.invalidations, 2);
    EXPECT_EQ(counts.cached_tokens, 240);
    EXPECT_EQ(counts.cached_completion_tokens, 40);
    EXPECT_EQ(counts.uncached_tokens, 120);
    EXPECT_EQ(counts.saved_cost_usd, 0.5);
    EXPECT_EQ(counts.saved_time, absl::Seconds(4) - absl::Milliseconds(40));
    EXPECT_EQ(counts.cached_time, absl::Milliseconds(40));
    EXPECT_EQ(counts.uncached_time, absl::Seconds(2));
    EXPECT_EQ(counts.timed_sets, 1);
  }
}

TEST_F(StatsLedgerTest, WhatTheOriginDoesNotSayIsNotSaved) {
  LedgerRow* const row = ledger_.RowFor("ns", "m");
  ledger_.RecordSet(row, {});
  ledger_.RecordHit(row, {}, absl::Seconds(1));
  const LedgerCounts total = ledger_.Snapshot("").total;
  EXPECT_EQ(total.timed_sets, 0);
  EXPECT_EQ(total.saved_time, absl::ZeroDuration()) << "an unknown latency is not a negative saving";
  EXPECT_EQ(total.saved_cost_usd, 0);
  EXPECT_EQ(total.cached_time, absl::Seconds(1));
}

TEST_F(StatsLedgerTest, AHitSlowerThanTheModelSavesNoTime) {
  ledger_.RecordHit(ledger_.RowFor("ns", "m"), {.latency = absl::Milliseconds(5)}, absl::Milliseconds(7));
  EXPECT_EQ(ledger_.Snapshot("").total.saved_time, absl::ZeroDuration());
}

TEST_F(StatsLedgerTest, AbsurdOriginsKeepTheSumsFinite) {
  LedgerRow* const row = ledger_.RowFor("ns", "m");
  const Origin absurd{.cost_usd = std::numeric_limits<double>::max(), .latency = absl::InfiniteDuration()};
  for (int i = 0; i < 3; ++i) ledger_.RecordHit(row, absurd, absl::ZeroDuration());
  const LedgerCounts total = ledger_.Snapshot("").total;
  EXPECT_EQ(total.saved_cost_usd, 3e6);
  EXPECT_EQ(total.saved_time, 3 * absl::Hours(24 * 365));
}

TEST_F(StatsLedgerTest, OrdersRowsAndBoundsThem) {
  for (const char* model : {"b", "a", "c", "d", "e"}) {
    EXPECT_EQ(ledger_.RowFor("ns", model), ledger_.RowFor("ns", model));
    ledger_.RecordMiss(ledger_.RowFor("ns", model));
  }
  const LedgerSnapshot snapshot = ledger_.Snapshot("");
  ASSERT_EQ(snapshot.rows.size(), 4u);
  EXPECT_EQ(snapshot.rows[0].model, "a");
  EXPECT_EQ(snapshot.rows[1].model, "b");
  EXPECT_EQ(snapshot.rows[2].model, "c");
  EXPECT_TRUE(snapshot.rows[3].overflow);
  EXPECT_EQ(snapshot.rows[3].model, "");
  EXPECT_EQ(snapshot.rows[3].counts.misses, 2);
  EXPECT_EQ(snapshot.total.misses, 5);
}

TEST_F(StatsLedgerTest, NamesAreNotGluedTogether) {
  ledger_.RecordMiss(ledger_.RowFor("ab", "c"));
  ledger_.RecordMiss(ledger_.RowFor("a", "bc"));
  EXPECT_EQ(ledger_.Snapshot("").rows.size(), 2u);
  EXPECT_EQ(ledger_.Snapshot("a").total.misses, 1);
}

TEST_F(StatsLedgerTest, ResettingANamespaceTakesItOutOfTheTotal) {
  LedgerRow* const a = ledger_.RowFor("a", "m");
  LedgerRow* const b = ledger_.RowFor("b", "m");
  ledger_.RecordHit(a, kOrigin, absl::ZeroDuration());
  ledger_.RecordHit(b, kOrigin, absl::ZeroDuration());
  const absl::Time started = clock_.WallTime();
  clock_.Advance(absl::Seconds(10));
  ledger_.Reset("a");
  ledger_.RecordHit(a, kOrigin, absl::ZeroDuration());

  EXPECT_EQ(ledger_.Snapshot("a").total.hits, 1);
  EXPECT_EQ(ledger_.Snapshot("a").start_time, started + absl::Seconds(10));
  EXPECT_EQ(ledger_.Snapshot("b").total.hits, 1);
  EXPECT_EQ(ledger_.Snapshot("b").start_time, started);
  EXPECT_EQ(ledger_.Snapshot("").total.hits, 2);
  EXPECT_EQ(ledger_.Snapshot("").start_time, started);
}

TEST_F(StatsLedgerTest, ResettingEverythingStartsFromNothing) {
  for (const char* model : {"a", "b", "c", "beyond"}) ledger_.RecordHit(ledger_.RowFor("ns", model), kOrigin, {});
  clock_.Advance(absl::Seconds(10));
  ledger_.Reset("ns");
  ledger_.Reset("");
  const LedgerSnapshot reset = ledger_.Snapshot("");
  EXPECT_EQ(reset.total.hits, 0);
  EXPECT_EQ(reset.total.saved_cost_usd, 0);
  EXPECT_TRUE(reset.rows.empty()) << "rows without counts are not shown";
  EXPECT_EQ(reset.start_time, clock_.WallTime());
  ledger_.RecordHit(ledger_.RowFor("ns", "a"), kOrigin, {});
  EXPECT_EQ(ledger_.Snapshot("").total.hits, 1);
  EXPECT_EQ(ledger_.Snapshot("").total.saved_cost_usd, 0.25);
}

TEST_F(StatsLedgerTest, ManyThreadsLoseNothing) {
  constexpr int kThreads = 24;  // More than there are stripes.
  constexpr int kEach = 2'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      LedgerRow* const row = ledger_.RowFor("ns", absl::StrCat("m", t % 5));
      for (int i = 0; i < kEach; ++i) ledger_.RecordHit(row, kOrigin, absl::Nanoseconds(1));
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_GE(ledger_.Snapshot("").total.hits, 0);
  for (std::thread& thread : threads) thread.join();
  const LedgerCounts total = ledger_.Snapshot("").total;
  EXPECT_EQ(total.hits, kThreads * kEach);
  EXPECT_EQ(total.saved_cost_usd, 0.25 * kThreads * kEach);
  EXPECT_EQ(total.cached_time, absl::Nanoseconds(kThreads * kEach));
}

}  // namespace
}  // namespace paracle::cachecore

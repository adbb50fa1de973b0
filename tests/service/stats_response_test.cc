#include "service/stats_response.h"

#include "gtest/gtest.h"
#include "service/timestamps.h"

namespace paracle::service {
namespace {

cachecore::LedgerSnapshot SampleSnapshot() {
  cachecore::LedgerSnapshot snapshot;
  cachecore::LedgerCounts& total = snapshot.total;
  total.hits = 70;
  total.misses = 30;
  total.sets = 30;
  total.cached_time = absl::Milliseconds(70);
  total.uncached_time = absl::Seconds(3);
  total.timed_sets = 30;
  total.saved_cost_usd = 0.012;
  total.saved_time = absl::Seconds(7);
  snapshot.start_time = absl::FromUnixSeconds(100);
  snapshot.update_time = absl::FromUnixSeconds(200);
  snapshot.rows.push_back({"ns", "m", false, total});
  snapshot.rows.push_back({"", "", true, {}});
  return snapshot;
}

TEST(FillStatsTest, FollowsTheFormulas) {
  cache::v1::GetStatsResponse response;
  FillStats(SampleSnapshot(), cachecore::Usage{70, 1000, 5, 100}, &response);
  const cache::v1::Stats& total = response.total();
  EXPECT_DOUBLE_EQ(total.hit_rate(), 0.7);
  EXPECT_DOUBLE_EQ(total.miss_rate(), 0.3);
  EXPECT_EQ(total.average_cached_time().nanos(), 1'000'000);
  EXPECT_EQ(total.average_uncached_time().nanos(), 100'000'000);
  EXPECT_DOUBLE_EQ(total.speedup(), 100);
  EXPECT_DOUBLE_EQ(total.utilization(), 0.07);
  EXPECT_EQ(total.start_time().seconds(), 100);
  EXPECT_EQ(total.update_time().seconds(), 200);
  ASSERT_EQ(response.by_model_size(), 2);
  EXPECT_EQ(response.by_model(0).model(), "m");
  EXPECT_FALSE(response.by_model(0).stats().has_utilization());
  EXPECT_TRUE(response.by_model(1).overflow());
}

TEST(FillStatsTest, WhatIsNotKnownIsAbsent) {
  cache::v1::GetStatsResponse response;
  FillStats({}, std::nullopt, &response);
  const cache::v1::Stats& total = response.total();
  EXPECT_FALSE(total.has_hit_rate());
  EXPECT_FALSE(total.has_miss_rate());
  EXPECT_FALSE(total.has_average_cached_time());
  EXPECT_FALSE(total.has_average_uncached_time());
  EXPECT_FALSE(total.has_speedup());
  EXPECT_FALSE(total.has_utilization());
}

TEST(FillStatsTest, HitsWithoutATimedSetHaveNoSpeedup) {
  cachecore::LedgerSnapshot snapshot = SampleSnapshot();
  snapshot.total.timed_sets = 0;
  snapshot.total.uncached_time = absl::ZeroDuration();
  cache::v1::GetStatsResponse response;
  FillStats(snapshot, std::nullopt, &response);
  EXPECT_TRUE(response.total().has_average_cached_time());
  EXPECT_FALSE(response.total().has_average_uncached_time());
  EXPECT_FALSE(response.total().has_speedup());
}

TEST(FillStatsTest, WithoutALimitOfEntriesUtilizationIsOfBytes) {
  cache::v1::GetStatsResponse response;
  FillStats({}, cachecore::Usage{70, 0, 25, 100}, &response);
  EXPECT_DOUBLE_EQ(response.total().utilization(), 0.25);
}

}  // namespace
}  // namespace paracle::service

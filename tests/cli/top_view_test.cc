#include "cli/top_view.h"

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paracle::cli {
namespace {

using ::testing::HasSubstr;

namespace pb = ::paracle::cache::v1;

pb::LookupTimes Times(std::initializer_list<int64_t> counts) {
  pb::LookupTimes times;
  times.add_upper_bound_nanos(1'000'000);
  times.add_upper_bound_nanos(2'000'000);
  for (const int64_t count : counts) times.add_counts(count);
  return times;
}

pb::GetStatsResponse Stats(int64_t hits, int64_t misses, double saved) {
  pb::GetStatsResponse stats;
  stats.set_backend("memory");
  stats.mutable_total()->set_hits(hits);
  stats.mutable_total()->set_misses(misses);
  stats.mutable_total()->set_saved_cost_usd(saved);
  return stats;
}

TopView After(const pb::GetStatsResponse& before, const pb::GetStatsResponse& after) {
  return TopView::Between(before, after, absl::Seconds(2), absl::UnixEpoch());
}

TEST(TopViewTest, RatesAreOfTheTimeBetween) {
  const TopView view = After(Stats(100, 50, 1.5), Stats(130, 60, 2.0));
  EXPECT_EQ(view.lookups, 20);
  EXPECT_EQ(view.hit_rate, 0.75);
  EXPECT_EQ(view.saved_usd, 0.5);
  EXPECT_EQ(view.saved_usd_in_all, 2.0);
}

TEST(TopViewTest, WhatIsNotKnownIsADash) {
  const TopView view = After(Stats(1, 1, 0), Stats(1, 1, 0));
  EXPECT_THAT(TopLine(view), HasSubstr(" lookups_per_s=0.0 hit_rate=- p50_ms=- p99_ms=- "));
  EXPECT_TRUE(TopJson(view)["hit_rate"].is_null());
  EXPECT_THAT(TopScreen(view, "here"), HasSubstr("Hit Rate -\n"));
}

TEST(TopViewTest, AServerThatWasRestartedHasDoneNothingYet) {
  const TopView view = After(Stats(100, 50, 1.5), Stats(3, 0, 0.1));
  EXPECT_EQ(view.lookups, 0);
  EXPECT_EQ(view.saved_usd, 0);
}

TEST(TopViewTest, PercentilesComeFromTheBucketsOfTheTimeBetween) {
  const pb::LookupTimes before = Times({1000, 0, 7});
  const pb::LookupTimes after = Times({1090, 10, 7});
  EXPECT_EQ(Percentile(before, after, 0.45), absl::Microseconds(500));
  EXPECT_EQ(Percentile(before, after, 0.95), absl::Microseconds(1500));
  EXPECT_EQ(Percentile(after, after, 0.5), std::nullopt);
  EXPECT_EQ(Percentile({}, {}, 0.5), std::nullopt);
  EXPECT_EQ(Percentile(Times({0, 0, 0}), Times({0, 0, 5}), 0.5), absl::Milliseconds(2)) << "beyond all bounds";
}

TEST(TopViewTest, BucketsThatDoNotFitTheirBoundsAreNotKnown) {
  EXPECT_EQ(Percentile({}, Times({1, 2}), 0.5), std::nullopt);
}

TEST(TopViewTest, TheSharedTierSaysWhyItIsAway) {
  pb::GetStatsResponse stats = Stats(0, 0, 0);
  EXPECT_EQ(After(stats, stats).shared_tier, "none");
  stats.mutable_shared_tier()->set_state(pb::SharedTierStatus::STATE_DEGRADED);
  stats.mutable_shared_tier()->set_reason("connection refused");
  EXPECT_EQ(After(stats, stats).shared_tier, "degraded: connection refused");
  EXPECT_THAT(TopLine(After(stats, stats)), HasSubstr(" shared_tier=degraded "));
}

}  // namespace
}  // namespace paracle::cli

#include "bench/load/schedule.h"

#include <gtest/gtest.h>

#include <vector>

#include "bench/load/histogram.h"

namespace paracle::load {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1000 * kMillisecond;

TEST(ScheduleTest, OpenLoopIsDueByTheClockAlone) {
  Schedule schedule(100, 3, 0, 5 * kSecond);
  EXPECT_EQ(schedule.Take(5 * kSecond), 5 * kSecond);
  EXPECT_EQ(schedule.Take(5 * kSecond + 9 * kMillisecond), std::nullopt);
  EXPECT_EQ(schedule.NextDue(5 * kSecond), 5 * kSecond + 10 * kMillisecond);
  // A second late: due when it was due.
  EXPECT_EQ(schedule.Take(6 * kSecond), 5 * kSecond + 10 * kMillisecond);
  EXPECT_FALSE(schedule.Over(6 * kSecond));
  EXPECT_EQ(schedule.Take(6 * kSecond), 5 * kSecond + 20 * kMillisecond);
  EXPECT_EQ(schedule.Take(6 * kSecond), std::nullopt);
  EXPECT_TRUE(schedule.Over(6 * kSecond));
}

TEST(ScheduleTest, ClosedLoopIsDueWheneverAsked) {
  Schedule schedule(0, 0, kSecond, 0);
  EXPECT_EQ(schedule.Take(7), 7);
  EXPECT_EQ(schedule.Take(kSecond - 1), kSecond - 1);
  EXPECT_EQ(schedule.Take(kSecond), std::nullopt);
  EXPECT_TRUE(schedule.Over(kSecond));
  EXPECT_EQ(schedule.Overdue(kSecond), 0);
}

TEST(ScheduleTest, WhatWasNeverSentIsCounted) {
  Schedule schedule(1000, 0, kSecond, 0);
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(schedule.Take(kSecond / 2).has_value());
  EXPECT_EQ(schedule.Overdue(kSecond / 2), 100);
  EXPECT_EQ(schedule.Take(kSecond), std::nullopt);
  EXPECT_EQ(schedule.Overdue(2 * kSecond), 600);
}

// A server that answers in 1 ms and stands still from second 1 to second 2, one call in flight, time played by hand.
LatencyHistogram RunAgainstAStall(Schedule schedule) {
  LatencyHistogram latency;
  int64_t now = 0;
  while (!schedule.Over(now)) {
    const std::optional<int64_t> due = schedule.Take(now);
    if (!due) {
      now = schedule.NextDue(now);
      continue;
    }
    now += kMillisecond;
    if (now > kSecond && now < 2 * kSecond) now = 2 * kSecond;
    latency.RecordNanos(now - *due);
  }
  return latency;
}

TEST(ScheduleTest, OpenLoopCountsTheRequestsThatAStallHeldUp) {
  const LatencyHistogram latency = RunAgainstAStall(Schedule(100, 400, 0, 0));
  ASSERT_EQ(latency.count(), 400);
  // One request waited the whole second, the next one 10 ms less, and so on: 100 of 400 were late.
  EXPECT_NEAR(absl::ToDoubleSeconds(latency.max()), 1.0, 0.011);
  EXPECT_NEAR(absl::ToDoubleSeconds(latency.Percentile(87.5)), 0.55, 0.07);
  EXPECT_GE(latency.count() - latency.CountAtMost(absl::Milliseconds(2)), 100);
}

TEST(ScheduleTest, ClosedLoopSeesTheStallOnce) {
  const LatencyHistogram latency = RunAgainstAStall(Schedule(0, 400, 0, 900 * kMillisecond));
  EXPECT_LE(latency.count() - latency.CountAtMost(absl::Milliseconds(2)), 1);
}

TEST(ScheduleTest, FractionGoesFromZeroToOne) {
  Schedule by_count(0, 4, 0, 0);
  EXPECT_EQ(by_count.Fraction(0), 0);
  (void)by_count.Take(0);
  EXPECT_EQ(by_count.Fraction(0), 0.25);
  const Schedule by_time(0, 0, kSecond, kSecond);
  EXPECT_EQ(by_time.Fraction(kSecond), 0);
  EXPECT_EQ(by_time.Fraction(3 * kSecond), 1);
}

}  // namespace
}  // namespace paracle::load

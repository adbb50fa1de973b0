#include "bench/load/threshold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/load/load_report.h"

namespace paracle::load {
namespace {

using Metric = Threshold::Metric;
using Comparison = Threshold::Comparison;

struct GoodCase {
  const char* text;
  Metric metric;
  double percent;
  Comparison comparison;
  double bound;
};

TEST(ThresholdTest, ReadsWhatPeopleWrite) {
  const GoodCase cases[] = {
      {"p99<5ms", Metric::kPercentile, 99, Comparison::kLess, 0.005},
      {"p99.9 <= 1.5s", Metric::kPercentile, 99.9, Comparison::kLessOrEqual, 1.5},
      {" p50 < 800us ", Metric::kPercentile, 50, Comparison::kLess, 0.0008},
      {"mean<1ms", Metric::kMean, 0, Comparison::kLess, 0.001},
      {"max<=2s", Metric::kMax, 0, Comparison::kLessOrEqual, 2},
      {"hit_ratio>0.5", Metric::kHitRatio, 0, Comparison::kGreater, 0.5},
      {"hit_ratio>=95%", Metric::kHitRatio, 0, Comparison::kGreaterOrEqual, 0.95},
      {"error_rate<0.01", Metric::kErrorRate, 0, Comparison::kLess, 0.01},
      {"rps>10000", Metric::kRequestsPerSecond, 0, Comparison::kGreater, 10000},
      {"requests_per_second>10000", Metric::kRequestsPerSecond, 0, Comparison::kGreater, 10000},
      {"errors<=0", Metric::kErrors, 0, Comparison::kLessOrEqual, 0},
      {"wrong<1", Metric::kWrong, 0, Comparison::kLess, 1},
  };
  for (const GoodCase& c : cases) {
    const auto threshold = Threshold::Parse(c.text);
    ASSERT_TRUE(threshold.ok()) << c.text << ": " << threshold.status();
    EXPECT_EQ(threshold->metric, c.metric) << c.text;
    EXPECT_DOUBLE_EQ(threshold->percent, c.percent) << c.text;
    EXPECT_EQ(threshold->comparison, c.comparison) << c.text;
    EXPECT_DOUBLE_EQ(threshold->bound, c.bound) << c.text;
  }
}

struct BadCase {
  const char* why;
  const char* text;
  const char* says;
};

TEST(ThresholdTest, RefusesTheRestAndSaysWhy) {
  const BadCase cases[] = {
      {"empty", "", "no < or >"},
      {"no comparison", "p99", "no < or >"},
      {"equality is not a bound", "p99=5ms", "no < or >"},
      {"unknown metric", "p99th<5ms", "unknown metric"},
      {"no metric", "<5ms", "unknown metric"},
      {"percentile over 100", "p101<5ms", "unknown metric"},
      {"percentile that is not a number", "pnan<5ms", "unknown metric"},
      {"time without a unit", "p99<5", "unit"},
      {"negative time", "p99<-5ms", "unit"},
      {"infinite time", "p99<inf", "unit"},
      {"no bound", "p99<", "unit"},
      {"ratio over 1", "hit_ratio>50", "0 to 1"},
      {"ratio over 100 %", "hit_ratio>101%", "0 to 1"},
      {"ratio that is not a number", "error_rate<nan", "0 to 1"},
      {"count with a unit", "rps>10k", "not a number"},
      {"two comparisons", "p99<<5ms", "unit"},
  };
  for (const BadCase& c : cases) {
    const auto threshold = Threshold::Parse(c.text);
    ASSERT_EQ(threshold.status().code(), absl::StatusCode::kInvalidArgument) << c.why;
    EXPECT_THAT(std::string(threshold.status().message()), testing::HasSubstr(c.says)) << c.why;
    EXPECT_THAT(std::string(threshold.status().message()), testing::HasSubstr(c.text)) << c.why;
  }
}

LoadReport SomeReport() {
  LoadReport report;
  for (int i = 1; i <= 100; ++i) report.latency.Record(absl::Milliseconds(i));
  report.elapsed = absl::Seconds(2);
  report.requests = 110;
  report.errors = 10;
  report.unsent = 90;
  report.hits = 3;
  report.misses = 1;
  return report;
}

TEST(ThresholdTest, JudgesAgainstTheReport) {
  const LoadReport report = SomeReport();
  const struct {
    const char* text;
    bool met;
    const char* why;
  } cases[] = {
      {"p50<60ms", true, "half of 1..100 ms"},
      {"p99<60ms", false, "the tail is slower"},
      {"max<=100ms", true, "the bound itself is allowed"},
      {"max<100ms", false, "the bound itself is not"},
      {"hit_ratio>=0.75", true, "3 of 4"},
      {"hit_ratio>0.75", false, "not over it"},
      {"error_rate<=0.5", true, "10 failed and 90 never sent, of 200"},
      {"error_rate<0.5", false, "what was never sent counts"},
      {"rps>54", true, "110 in two seconds"},
      {"errors<10", false, "ten"},
      {"wrong<1", true, "none"},
  };
  for (const auto& c : cases) {
    const ThresholdResult result = Judge(*Threshold::Parse(c.text), report);
    EXPECT_TRUE(result.known) << c.text;
    EXPECT_EQ(result.met, c.met) << c.text << ": " << c.why;
  }
}

TEST(ThresholdTest, WhatIsNotKnownIsMissed) {
  for (const char* text : {"p99<1h", "mean<1h", "hit_ratio>=0", "error_rate<=1"}) {
    const ThresholdResult result = Judge(*Threshold::Parse(text), LoadReport());
    EXPECT_FALSE(result.known) << text;
    EXPECT_FALSE(result.met) << text;
  }
}

}  // namespace
}  // namespace paracle::load

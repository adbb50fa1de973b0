#include "bench/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/load/random.h"

namespace paracle::load {
namespace {

TEST(LatencyHistogramTest, EmptyIsZeroEverywhere) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.Percentile(99), absl::ZeroDuration());
  EXPECT_EQ(histogram.mean(), absl::ZeroDuration());
  EXPECT_EQ(histogram.max(), absl::ZeroDuration());
}

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (int64_t nanos = 1; nanos <= 200; ++nanos) histogram.RecordNanos(nanos);
  EXPECT_EQ(histogram.Percentile(50), absl::Nanoseconds(100));
  EXPECT_EQ(histogram.Percentile(99.5), absl::Nanoseconds(199));
  EXPECT_EQ(histogram.Percentile(0), absl::Nanoseconds(1));
  EXPECT_EQ(histogram.Percentile(100), absl::Nanoseconds(200));
}

// Against the sorted values themselves, over nine powers of ten.
TEST(LatencyHistogramTest, PercentilesAreWithinOnePercentOfTheTruth) {
  LatencyHistogram histogram;
  std::vector<int64_t> values;
  Random random(7);
  for (int i = 0; i < 200'000; ++i) {
    values.push_back(static_cast<int64_t>(std::exp(random.NextDouble() * std::log(3e12))));
    histogram.RecordNanos(values.back());
  }
  std::sort(values.begin(), values.end());
  for (double percent : {0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(values.size()) - 1e-6));
    const auto truth = static_cast<double>(values[rank - 1]);
    const double got = absl::ToDoubleNanoseconds(histogram.Percentile(percent));
    EXPECT_GE(got, truth) << percent;
    EXPECT_LE(got, truth * 1.01) << percent;
  }
}

TEST(LatencyHistogramTest, ARankIsNotMissedByABinaryFraction) {
  LatencyHistogram histogram;
  for (int i = 0; i < 999; ++i) histogram.RecordNanos(10);
  histogram.RecordNanos(1000);
  EXPECT_EQ(histogram.Percentile(99.9), absl::Nanoseconds(10));
  EXPECT_EQ(histogram.Percentile(99.91), absl::Nanoseconds(1000));
}

TEST(LatencyHistogramTest, OutOfRangeValuesAreKeptAtTheEnds) {
  LatencyHistogram histogram;
  histogram.RecordNanos(-5);
  histogram.Record(absl::Hours(7));
  EXPECT_EQ(histogram.count(), 2);
  EXPECT_EQ(histogram.min(), absl::ZeroDuration());
  EXPECT_EQ(histogram.max(), absl::Hours(7));
  EXPECT_EQ(histogram.Percentile(50), absl::ZeroDuration());
  EXPECT_EQ(histogram.Percentile(100), absl::Hours(7));
}

TEST(LatencyHistogramTest, AddingIsRecordingBoth) {
  LatencyHistogram all, left, right;
  for (int64_t i = 1; i < 5000; ++i) {
    all.RecordNanos(i * i);
    (i % 3 == 0 ? left : right).RecordNanos(i * i);
  }
  left.Add(right);
  EXPECT_EQ(left.count(), all.count());
  EXPECT_EQ(left.min(), all.min());
  EXPECT_EQ(left.max(), all.max());
  EXPECT_EQ(left.mean(), all.mean());
  for (double percent : {1.0, 50.0, 99.0}) EXPECT_EQ(left.Percentile(percent), all.Percentile(percent));
}

TEST(LatencyHistogramTest, CountsWhatIsAtMostALimit) {
  LatencyHistogram histogram;
  for (int64_t millis = 1; millis <= 100; ++millis) histogram.Record(absl::Milliseconds(millis));
  EXPECT_EQ(histogram.CountAtMost(absl::Milliseconds(-1)), 0);
  EXPECT_EQ(histogram.CountAtMost(absl::Microseconds(500)), 0);
  EXPECT_EQ(histogram.CountAtMost(absl::Microseconds(50'600)), 50);
  EXPECT_EQ(histogram.CountAtMost(absl::Seconds(1)), 100);
}

}  // namespace
}  // namespace paracle::load

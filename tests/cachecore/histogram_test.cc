#include "cachecore/histogram.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace paracle::cachecore {
namespace {

constexpr int64_t kBounds[] = {10, 100};

TEST(HistogramTest, BoundsBelongToTheirBucketAndNothingIsBeyondAll) {
  Histogram histogram({kBounds});
  for (const int64_t value : {-5, 0, 10, 11, 100, 101, 5000}) histogram.Record(value);
  const HistogramSnapshot snapshot = histogram.Read();
  EXPECT_EQ(snapshot.counts[0], 3);
  EXPECT_EQ(snapshot.counts[1], 2);
  EXPECT_EQ(snapshot.counts[2], 2);
  EXPECT_EQ(snapshot.count, 7);
  EXPECT_EQ(snapshot.sum, 10 + 11 + 100 + 101 + 5000) << "what is below zero counts as zero";
}

TEST(HistogramTest, BucketsRiseAndBeginAtTenMicroseconds) {
  const auto bounds = Buckets::Latency().bounds;
  EXPECT_EQ(bounds[0], 10'000);
  for (size_t i = 1; i < bounds.size(); ++i) EXPECT_LT(bounds[i - 1], bounds[i]);
  EXPECT_LE(bounds.size(), Buckets::kMost);
}

TEST(HistogramTest, NoCountOfMoreThreadsThanStripesIsLost) {
  Histogram histogram({kBounds});
  std::vector<std::thread> threads;
  constexpr int kThreads = 2 * kThreadSlots, kEach = 10'000;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&histogram] {
      for (int n = 0; n < kEach; ++n) histogram.Record(n % 3 * 50);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.Read().count, int64_t{kThreads} * kEach);
}

TEST(HistogramTest, SnapshotsAddUp) {
  Histogram one({kBounds}), other({kBounds});
  one.Record(5);
  other.Record(50);
  HistogramSnapshot sum = one.Read();
  sum.Add(other.Read());
  EXPECT_EQ(sum.count, 2);
  EXPECT_EQ(sum.sum, 55);
  EXPECT_EQ(sum.counts[1], 1);
}

}  // namespace
}  // namespace paracle::cachecore

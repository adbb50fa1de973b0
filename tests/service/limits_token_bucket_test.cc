#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "service/limits/token_bucket.h"

namespace paracle::service {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int TakeAll(TokenBucket& bucket, int64_t now) {
  int taken = 0;
  while (bucket.TryTake(now) == 0) ++taken;
  return taken;
}

TEST(TokenBucketTest, HoldsOneSecondsTokensAndFillsAtItsRate) {
  TokenBucket bucket(100);
  EXPECT_EQ(TakeAll(bucket, kSecond), 100);
  EXPECT_EQ(TakeAll(bucket, kSecond + kSecond / 2), 50);
  EXPECT_EQ(TakeAll(bucket, 60 * kSecond), 100) << "what nobody takes is lost beyond one second's";
}

TEST(TokenBucketTest, TellsWhenTheNextTokenIsThere) {
  TokenBucket bucket(4);
  EXPECT_EQ(TakeAll(bucket, kSecond), 4);
  const int64_t wait = bucket.TryTake(kSecond);
  EXPECT_EQ(wait, kSecond / 4);
  EXPECT_NE(bucket.TryTake(kSecond + wait - 1), 0);
  EXPECT_EQ(bucket.TryTake(kSecond + wait), 0);
}

TEST(TokenBucketTest, OneASecondIsTheLeast) {
  TokenBucket bucket(1);
  EXPECT_EQ(TakeAll(bucket, kSecond), 1);
  EXPECT_EQ(bucket.TryTake(kSecond), kSecond);
}

TEST(TokenBucketTest, WhatIsChargedMayBeOwedAndIsPaidBackAtTheRate) {
  TokenBucket bucket(1000);
  bucket.Charge(1000, kSecond);
  EXPECT_EQ(bucket.Debt(kSecond), 0) << "the burst covers it";
  bucket.Charge(500, kSecond);
  EXPECT_EQ(bucket.Debt(kSecond), kSecond / 2);
  EXPECT_EQ(bucket.Debt(kSecond + kSecond / 2), 0);
}

TEST(TokenBucketTest, DebtIsBounded) {
  TokenBucket bucket(1);
  for (int i = 0; i < 100; ++i) bucket.Charge(int64_t{1} << 62, kSecond);
  EXPECT_LE(bucket.Debt(kSecond), 3600 * kSecond);
}

TEST(TokenBucketTest, IsFullOnceNothingIsMissing) {
  TokenBucket bucket(2);
  EXPECT_TRUE(bucket.full(kSecond));
  ASSERT_EQ(bucket.TryTake(kSecond), 0);
  EXPECT_FALSE(bucket.full(kSecond));
  EXPECT_TRUE(bucket.full(kSecond + kSecond / 2));
}

TEST(TokenBucketTest, ThreadsTakeNoMoreThanThereIs) {
  TokenBucket bucket(10'000);
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { taken += TakeAll(bucket, kSecond); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 10'000);
}

}  // namespace
}  // namespace paracle::service

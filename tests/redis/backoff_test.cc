#include "cachecore/redis/backoff.h"

#include <gtest/gtest.h>

namespace paracle::cachecore::redis {
namespace {

constexpr double kMiddle = 0.5;

TEST(BackoffTest, DoublesUpToTheBoundAndStaysThere) {
  Backoff backoff(absl::Milliseconds(50), absl::Seconds(1));
  for (int expected : {50, 100, 200, 400, 800, 1000, 1000, 1000}) {
    EXPECT_EQ(backoff.Next(kMiddle), absl::Milliseconds(expected));
  }
}

TEST(BackoffTest, IsSpreadByAFifth) {
  Backoff low(absl::Milliseconds(50), absl::Seconds(1));
  Backoff high(absl::Milliseconds(50), absl::Seconds(1));
  EXPECT_EQ(low.Next(0), absl::Milliseconds(40));
  EXPECT_EQ(high.Next(1), absl::Milliseconds(60));
}

TEST(BackoffTest, BeginsAnewAfterReset) {
  Backoff backoff(absl::Milliseconds(50), absl::Seconds(1));
  backoff.Next(kMiddle);
  backoff.Next(kMiddle);
  backoff.Reset();
  EXPECT_EQ(backoff.Next(kMiddle), absl::Milliseconds(50));
}

TEST(BackoffTest, EqualBoundsAreAConstant) {
  Backoff backoff(absl::Milliseconds(7), absl::Milliseconds(7));
  EXPECT_EQ(backoff.Next(kMiddle), absl::Milliseconds(7));
  EXPECT_EQ(backoff.Next(kMiddle), absl::Milliseconds(7));
}

}  // namespace
}  // namespace paracle::cachecore::redis

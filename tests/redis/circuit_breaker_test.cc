#include "cachecore/redis/circuit_breaker.h"

#include <gtest/gtest.h>

namespace paracle::cachecore::redis {
namespace {

using std::chrono::milliseconds;

class CircuitBreakerTest : public testing::Test {
 protected:
  void Succeed(int times) {
    for (int i = 0; i < times; ++i) breaker_.RecordSuccess(now_);
  }
  // How many of them opened it.
  int Fail(int times) {
    int opened = 0;
    for (int i = 0; i < times; ++i) opened += breaker_.RecordFailure(now_) ? 1 : 0;
    return opened;
  }
  void Advance(milliseconds by) { now_ += by; }

  CircuitBreaker breaker_;
  SteadyTime now_{std::chrono::hours(1000)};
};

TEST_F(CircuitBreakerTest, OpensAtTheFifthFailureInARowAndSaysSoOnce) {
  EXPECT_EQ(Fail(4), 0);
  EXPECT_FALSE(breaker_.open());
  EXPECT_EQ(Fail(1), 1);
  EXPECT_TRUE(breaker_.open());
  EXPECT_EQ(Fail(100), 0);
}

TEST_F(CircuitBreakerTest, FiveInARowNeedNoHurry) {
  for (int i = 0; i < 4; ++i) {
    Fail(1);
    Advance(milliseconds(10'000));
  }
  EXPECT_EQ(Fail(1), 1);
}

TEST_F(CircuitBreakerTest, ASuccessBreaksTheRow) {
  for (int i = 0; i < 3; ++i) {
    Fail(4);
    Succeed(10);
  }
  EXPECT_FALSE(breaker_.open());
}

TEST_F(CircuitBreakerTest, OpensWhenHalfOfTwentyFail) {
  for (int i = 0; i < 9; ++i) {
    Succeed(1);
    EXPECT_EQ(Fail(1), 0);
  }
  Succeed(1);
  EXPECT_EQ(Fail(1), 1);
}

TEST_F(CircuitBreakerTest, StaysClosedBelowHalf) {
  for (int i = 0; i < 1000; ++i) {
    Succeed(2);
    Fail(1);
    Advance(milliseconds(1));
  }
  EXPECT_FALSE(breaker_.open());
}

TEST_F(CircuitBreakerTest, OnlyTheLastSecondCounts) {
  Succeed(1000);
  Advance(milliseconds(1100));
  for (int i = 0; i < 9; ++i) {
    Fail(1);
    Succeed(1);
  }
  EXPECT_EQ(Fail(2), 1) << "the thousand successes are history";
}

TEST_F(CircuitBreakerTest, OldFailuresAreForgotten) {
  for (int i = 0; i < 9; ++i) {
    Succeed(1);
    Fail(1);
  }
  Advance(milliseconds(1100));
  Succeed(1);
  Fail(1);
  EXPECT_FALSE(breaker_.open());
}

TEST_F(CircuitBreakerTest, SuccessesDoNotCloseIt) {
  Fail(5);
  Succeed(100);
  EXPECT_TRUE(breaker_.open());
}

TEST_F(CircuitBreakerTest, ClosedItBeginsAnew) {
  Fail(50);
  breaker_.Close();
  EXPECT_FALSE(breaker_.open());
  EXPECT_EQ(Fail(4), 0);
  EXPECT_EQ(Fail(1), 1);
}

}  // namespace
}  // namespace paracle::cachecore::redis

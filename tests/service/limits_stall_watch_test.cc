#include "service/limits/stall_watch.h"

#include <atomic>
#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

constexpr std::chrono::milliseconds kLongestTurn{20};

void Compute(const TurnCounter& counter, std::chrono::nanoseconds how_much) {
  const int64_t until = counter.CpuNanos().value() + how_much.count();
  while (counter.CpuNanos().value() < until) continue;
}

TEST(StallWatchTest, AThreadThatComputesForTooLongInOneTurnIsHeldUp) {
  const auto counter = std::make_shared<TurnCounter>();
  counter->Begin();
  StallWatch watch({counter}, kLongestTurn);
  EXPECT_FALSE(watch.Stalled());
  Compute(*counter, kLongestTurn / 2);
  EXPECT_FALSE(watch.Stalled());
  Compute(*counter, kLongestTurn);
  EXPECT_TRUE(watch.Stalled());
  EXPECT_TRUE(watch.Stalled()) << "still";
  counter->Count();
  EXPECT_FALSE(watch.Stalled()) << "it has come round";
}

TEST(StallWatchTest, OneThatComesRoundIsNotHoweverMuchItComputes) {
  const auto counter = std::make_shared<TurnCounter>();
  counter->Begin();
  StallWatch watch({counter}, kLongestTurn);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(watch.Stalled());
    Compute(*counter, kLongestTurn / 2);
    counter->Count();
  }
  EXPECT_FALSE(watch.Stalled());
}

// What waits in a system call does not compute, and neither does what the system does not let run.
TEST(StallWatchTest, OneThatWaitsIsNotHeldUpAndAmongSeveralOneIsEnough) {
  const auto waiting = std::make_shared<TurnCounter>(), computing = std::make_shared<TurnCounter>();
  std::atomic<bool> begun = false, end = false;
  std::thread thread([&] {
    waiting->Begin();
    begun = true;
    begun.notify_one();
    end.wait(false);
    waiting->End();
  });
  begun.wait(false);
  computing->Begin();
  StallWatch one({waiting}, kLongestTurn), both({waiting, computing}, kLongestTurn);
  EXPECT_FALSE(one.Stalled());
  EXPECT_FALSE(both.Stalled());
  Compute(*computing, 2 * kLongestTurn);
  EXPECT_FALSE(one.Stalled());
  EXPECT_TRUE(both.Stalled());
  end = true;
  end.notify_one();
  thread.join();
  computing->Count();
  EXPECT_FALSE(both.Stalled()) << "one has ended";
}

TEST(StallWatchTest, NobodyIsHeldUpBeforeItHasBegunOrAfterItHasEnded) {
  const auto counter = std::make_shared<TurnCounter>();
  StallWatch watch({counter}, std::chrono::nanoseconds(0));
  EXPECT_FALSE(watch.Stalled());
  EXPECT_FALSE(watch.Stalled());
  counter->Begin();
  EXPECT_FALSE(watch.Stalled());
  counter->End();
  EXPECT_FALSE(watch.Stalled());
}

}  // namespace
}  // namespace paracle::service

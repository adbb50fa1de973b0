#include "service/limits/stall_watch.h"

#include <atomic>
#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

constexpr std::chrono::milliseconds kLongest{20};

void Compute(const TurnCounter& counter, std::chrono::nanoseconds how_much) {
  const int64_t until = counter.CpuNanos().value() + how_much.count();
  while (counter.CpuNanos().value() < until) continue;
}

TEST(StallWatchTest, AThreadThatComputesForTooLongWithoutComingBackIsHeldUp) {
  const auto counter = std::make_shared<TurnCounter>();
  counter->Begin();
  counter->Enter();
  StallWatch watch({counter}, kLongest);
  EXPECT_FALSE(watch.Stalled());
  Compute(*counter, kLongest / 2);
  EXPECT_FALSE(watch.Stalled());
  Compute(*counter, kLongest);
  EXPECT_TRUE(watch.Stalled());
  EXPECT_TRUE(watch.Stalled()) << "still";
  counter->Leave();
  EXPECT_FALSE(watch.Stalled()) << "it has come back";
  Compute(*counter, 2 * kLongest);
  EXPECT_FALSE(watch.Stalled()) << "what it does for its calls may take more time";
  Compute(*counter, 3 * kLongest);
  EXPECT_TRUE(watch.Stalled());
  counter->Enter();
  EXPECT_FALSE(watch.Stalled());
}

TEST(StallWatchTest, OneThatComesRoundIsNotHoweverMuchItComputes) {
  const auto counter = std::make_shared<TurnCounter>();
  counter->Begin();
  StallWatch watch({counter}, kLongest);
  for (int i = 0; i < 10; ++i) {
    counter->Enter();
    EXPECT_FALSE(watch.Stalled());
    Compute(*counter, kLongest / 2);
    counter->Leave();
  }
  EXPECT_FALSE(watch.Stalled());
}

// What waits in a system call does not compute, and neither does what the system does not let run.
TEST(StallWatchTest, OneThatWaitsIsNotHeldUpAndAmongSeveralOneIsEnough) {
  const auto waiting = std::make_shared<TurnCounter>(), computing = std::make_shared<TurnCounter>();
  std::atomic<bool> begun = false, end = false;
  std::thread thread([&] {
    waiting->Begin();
    waiting->Enter();
    begun = true;
    begun.notify_one();
    end.wait(false);
    waiting->End();
  });
  begun.wait(false);
  computing->Begin();
  computing->Enter();
  StallWatch one({waiting}, kLongest), both({waiting, computing}, kLongest);
  EXPECT_FALSE(one.Stalled());
  EXPECT_FALSE(both.Stalled());
  Compute(*computing, 2 * kLongest);
  EXPECT_FALSE(one.Stalled());
  EXPECT_TRUE(both.Stalled());
  end = true;
  end.notify_one();
  thread.join();
  computing->Leave();
  EXPECT_FALSE(both.Stalled()) << "one has ended";
}

TEST(StallWatchTest, NobodyIsHeldUpBeforeItHasBegunOrAfterItHasEnded) {
  const auto counter = std::make_shared<TurnCounter>();
  StallWatch watch({counter}, std::chrono::nanoseconds(0));
  EXPECT_FALSE(watch.Stalled());
  EXPECT_FALSE(watch.Stalled());
  counter->Begin();
  counter->Enter();
  EXPECT_FALSE(watch.Stalled());
  counter->End();
  EXPECT_FALSE(watch.Stalled());
}

}  // namespace
}  // namespace paracle::service

#include "service/limits/turn_watch.h"

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

TEST(TurnWatchTest, AThreadThatComputesForTooLongWithoutComingBackIsHeldUp) {
  const auto counter = std::make_shared<TurnCounter>();
  counter->Begin();
  counter->Enter();
  TurnWatch watch({counter}, kLongest);
  EXPECT_FALSE(watch.HeldUp());
  Compute(*counter, kLongest / 2);
  EXPECT_FALSE(watch.HeldUp());
  Compute(*counter, kLongest);
  EXPECT_TRUE(watch.HeldUp());
  EXPECT_TRUE(watch.HeldUp()) << "still";
  counter->Leave();
  EXPECT_FALSE(watch.HeldUp()) << "it has come back";
  Compute(*counter, 2 * kLongest);
  EXPECT_FALSE(watch.HeldUp()) << "what it does for its calls may take more time";
  Compute(*counter, 3 * kLongest);
  EXPECT_TRUE(watch.HeldUp());
  counter->Enter();
  EXPECT_FALSE(watch.HeldUp());
}

TEST(TurnWatchTest, OneThatComesRoundIsNotHoweverMuchItComputes) {
  const auto counter = std::make_shared<TurnCounter>();
  counter->Begin();
  TurnWatch watch({counter}, kLongest);
  for (int i = 0; i < 10; ++i) {
    counter->Enter();
    EXPECT_FALSE(watch.HeldUp());
    Compute(*counter, kLongest / 2);
    counter->Leave();
  }
  EXPECT_FALSE(watch.HeldUp());
}

// What waits in a system call does not compute, and neither does what the system does not let run.
TEST(TurnWatchTest, OneThatWaitsIsNotHeldUpAndAmongSeveralOneIsEnough) {
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
  TurnWatch one({waiting}, kLongest), both({waiting, computing}, kLongest);
  EXPECT_FALSE(one.HeldUp());
  EXPECT_FALSE(both.HeldUp());
  Compute(*computing, 2 * kLongest);
  EXPECT_FALSE(one.HeldUp());
  EXPECT_TRUE(both.HeldUp());
  end = true;
  end.notify_one();
  thread.join();
  computing->Leave();
  EXPECT_FALSE(both.HeldUp()) << "one has ended";
}

TEST(TurnWatchTest, NobodyIsHeldUpBeforeItHasBegunOrAfterItHasEnded) {
  const auto counter = std::make_shared<TurnCounter>();
  TurnWatch watch({counter}, std::chrono::nanoseconds(0));
  EXPECT_FALSE(watch.HeldUp());
  EXPECT_FALSE(watch.HeldUp());
  counter->Begin();
  counter->Enter();
  EXPECT_FALSE(watch.HeldUp());
  counter->End();
  EXPECT_FALSE(watch.HeldUp());
}

}  // namespace
}  // namespace paracle::service

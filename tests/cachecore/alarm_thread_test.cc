#include "cachecore/alarm_thread.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace paracle::cachecore {
namespace {

using std::chrono::steady_clock;

int64_t Now() { return Clock::System()->MonotonicNanos(); }
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kHour = 3600 * 1000 * kMillisecond;

// Counts what the alarm does, and says when it is to do it again.
class Counter {
 public:
  int64_t Run() {
    std::lock_guard lock(mutex_);
    ++runs_;
    last_ = Now();
    changed_.notify_all();
    return next;
  }
  bool WaitForRuns(int runs) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return runs_ >= runs; });
  }
  int runs() {
    std::lock_guard lock(mutex_);
    return runs_;
  }
  int64_t last() {
    std::lock_guard lock(mutex_);
    return last_;
  }

  std::atomic<int64_t> next = AlarmThread::kNever;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int runs_ = 0;
  int64_t last_ = 0;
};

class AlarmThreadTest : public testing::Test {
 protected:
  Counter counter_;
  AlarmThread alarm_{"test", Clock::System(), [this] { return counter_.Run(); }};
};

TEST_F(AlarmThreadTest, RunsOnceAtTheBeginningAndThenWhenItIsTold) {
  ASSERT_TRUE(counter_.WaitForRuns(1));
  const int64_t at = Now() + 20 * kMillisecond;
  alarm_.WakeBy(at);
  ASSERT_TRUE(counter_.WaitForRuns(2));
  EXPECT_GE(counter_.last(), at) << "not before its time";
}

TEST_F(AlarmThreadTest, AnEarlierMomentReplacesALaterOneAndNotTheOtherWayRound) {
  ASSERT_TRUE(counter_.WaitForRuns(1));
  alarm_.WakeBy(Now() + kHour);
  alarm_.WakeBy(Now());
  alarm_.WakeBy(Now() + kHour);
  ASSERT_TRUE(counter_.WaitForRuns(2));
}

TEST_F(AlarmThreadTest, RunsAgainWhenTheLastRunSaid) {
  ASSERT_TRUE(counter_.WaitForRuns(1));
  counter_.next = 0;
  alarm_.WakeBy(Now());
  EXPECT_TRUE(counter_.WaitForRuns(100));
}

TEST_F(AlarmThreadTest, RunsNoMoreOnceItIsStopped) {
  counter_.next = 0;
  alarm_.WakeBy(Now());
  ASSERT_TRUE(counter_.WaitForRuns(3));
  alarm_.Stop();
  const int runs = counter_.runs();
  alarm_.WakeBy(0);
  std::this_thread::yield();
  EXPECT_EQ(counter_.runs(), runs);
  alarm_.Stop();
}

TEST_F(AlarmThreadTest, StopsAtOnceThoughItsMomentIsFarAway) {
  ASSERT_TRUE(counter_.WaitForRuns(1));
  alarm_.WakeBy(Now() + kHour);
  const auto before = steady_clock::now();
  alarm_.Stop();
  EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(5));
}

TEST_F(AlarmThreadTest, AMomentNamedWhileItRunsIsNotLost) {
  std::atomic<bool> running = false, go_on = false;
  std::atomic<int> runs = 0;
  AlarmThread alarm("test", Clock::System(), [&] {
    if (++runs == 1) {
      running = true;
      while (!go_on) std::this_thread::yield();
    }
    return AlarmThread::kNever;
  });
  while (!running) std::this_thread::yield();
  alarm.WakeBy(Now());
  go_on = true;
  const auto give_up = steady_clock::now() + std::chrono::seconds(20);
  while (runs < 2 && steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_GE(runs, 2);
}

TEST_F(AlarmThreadTest, ManyThreadsMayWakeIt) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int k = 0; k < 2000; ++k) alarm_.WakeBy(Now() + k);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(counter_.WaitForRuns(2));
}

}  // namespace
}  // namespace paracle::cachecore

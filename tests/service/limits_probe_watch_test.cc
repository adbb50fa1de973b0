#include "service/limits/probe_watch.h"

#include <time.h>

#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "service/worker_thread.h"

namespace paracle::service {
namespace {

constexpr std::chrono::milliseconds kLongest{20};
constexpr int kLooksUntilAsked = 4;  // And until the question that has no answer is seen.

void Compute(std::chrono::nanoseconds how_much) {
  const auto used = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto until = used() + how_much;
  while (used() < until) continue;
}

// A thread that does one thing after the other.
class Thread {
 public:
  ProbeWatch::Ask Ask() {
    return [this](std::function<void()> answer) { Do(std::move(answer)); };
  }

  void Do(std::function<void()> task) { EXPECT_TRUE(worker_.Post(std::move(task))); }

  // Until it has done all that it was told.
  void Await() {
    absl::Notification done;
    Do([&] { done.Notify(); });
    done.WaitForNotification();
  }

 private:
  WorkerThread worker_{1000};
};

// What a thread is at for as long as the test wants.
class LongTask {
 public:
  explicit LongTask(Thread& thread) {
    thread.Do([this] {
      compute_.WaitForNotification();
      Compute(3 * kLongest);
      computed_.Notify();
      end_.WaitForNotification();
      ended_.Notify();
    });
  }

  void ComputeTooLong() {
    compute_.Notify();
    computed_.WaitForNotification();
  }

  // Waits for the thread, which must not find this gone.
  void End() {
    end_.Notify();
    ended_.WaitForNotification();
  }

 private:
  absl::Notification compute_, computed_, end_, ended_;
};

bool EverHeldUp(ProbeWatch& watch, int looks) {
  bool held_up = false;
  for (int i = 0; i < looks; ++i) held_up = watch.HeldUp() || held_up;
  return held_up;
}

TEST(ProbeWatchTest, AThreadThatComputesForTooLongBeforeItAnswersIsHeldUpUntilItDoes) {
  Thread thread;
  ProbeWatch watch(thread.Ask(), kLongest);
  EXPECT_FALSE(watch.HeldUp());
  thread.Await();
  LongTask task(thread);
  EXPECT_FALSE(EverHeldUp(watch, kLooksUntilAsked)) << "it waits, and computes nothing";
  task.ComputeTooLong();
  EXPECT_TRUE(watch.HeldUp());
  EXPECT_TRUE(watch.HeldUp()) << "still";
  task.End();
  thread.Await();
  EXPECT_FALSE(EverHeldUp(watch, kLooksUntilAsked)) << "it has answered";
}

TEST(ProbeWatchTest, OneThatAnswersInBetweenIsNotHeldUpHoweverMuchItComputes) {
  Thread thread;
  ProbeWatch watch(thread.Ask(), kLongest);
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(EverHeldUp(watch, kLooksUntilAsked));
    thread.Do([] { Compute(kLongest / 2); });
    thread.Await();
  }
}

TEST(ProbeWatchTest, OfSeveralThreadsOneThatDoesNotAnswerIsEnough) {
  Thread free, busy;
  int asked = 0;
  ProbeWatch watch([&](std::function<void()> answer) { (asked++ % 2 == 0 ? free : busy).Do(std::move(answer)); },
                   kLongest);
  EXPECT_FALSE(EverHeldUp(watch, 2 * kLooksUntilAsked));
  free.Await();
  busy.Await();
  LongTask task(busy);
  EXPECT_FALSE(EverHeldUp(watch, 2 * kLooksUntilAsked));
  free.Do([] { Compute(3 * kLongest); });
  free.Await();
  EXPECT_FALSE(EverHeldUp(watch, 2)) << "only one that has answered has computed";
  task.ComputeTooLong();
  EXPECT_TRUE(watch.HeldUp());
  task.End();
}

TEST(ProbeWatchTest, QuestionsThatNobodyAnswersDoNotPileUpAndMayOutliveTheWatch) {
  std::vector<std::function<void()>> answers;
  {
    ProbeWatch watch([&](std::function<void()> answer) { answers.push_back(std::move(answer)); }, kLongest);
    EXPECT_FALSE(EverHeldUp(watch, 1000)) << "nobody is known to be at anything else";
    EXPECT_EQ(answers.size(), 32);
    answers[0]();
    EXPECT_FALSE(EverHeldUp(watch, 1000));
    EXPECT_EQ(answers.size(), 33);
  }
  for (size_t i = 1; i < answers.size(); ++i) answers[i]();
}

TEST(ProbeWatchTest, AThreadThatHasEndedIsForgotten) {
  std::vector<std::function<void()>> answers;
  ProbeWatch watch([&](std::function<void()> answer) { answers.push_back(std::move(answer)); }, kLongest);
  EXPECT_FALSE(watch.HeldUp());
  std::thread(answers[0]).join();
  EXPECT_FALSE(EverHeldUp(watch, 10));
}

}  // namespace
}  // namespace paracle::service

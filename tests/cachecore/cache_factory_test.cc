#include "cachecore/cache_factory.h"

#include <atomic>
#include <semaphore>
#include <thread>

#include "cachecore/error.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {
namespace {

class CacheFactoryTest : public testing::Test {
 protected:
  FakeClock clock_;
  StatsLedger ledger_{LedgerOptions{}, &clock_};
};

EntrySpec SpecOf(int question, absl::Span<const absl::string_view> payload) {
  EntrySpec spec;
  spec.id = {.ns = "default", .digest = DigestOfQuestion(question)};
  spec.payload = payload;
  spec.ttl = absl::Seconds(1);
  return spec;
}

TEST_F(CacheFactoryTest, SwitchedOffItAcceptsEverythingAndKeepsNothing) {
  const auto stack = MakeCache({.enabled = false, .memory = {.max_bytes = 1}}, &ledger_, &clock_);
  ASSERT_TRUE(stack.ok()) << stack.status();
  EXPECT_EQ(stack->sweeper, nullptr);
  const absl::string_view payload[] = {"x"};
  int answers = 0;
  stack->cache->Set(SpecOf(1, payload), absl::InfiniteFuture(), [&](absl::StatusOr<SetOutcome> outcome) {
    ASSERT_TRUE(outcome.ok());
    EXPECT_FALSE(outcome->stored_in_memory || outcome->stored_in_shared);
    ++answers;
  });
  stack->cache->Get(SpecOf(1, payload).id, absl::InfiniteFuture(), [&](GetOutcome outcome) {
    EXPECT_TRUE(std::holds_alternative<Miss>(outcome));
    ++answers;
  });
  stack->cache->Invalidate(InvalidationTarget(), false, [&](absl::StatusOr<InvalidateOutcome> outcome) {
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->removed, 0);
    ++answers;
  });
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(stack->cache->GetUsage().entries, 0);
}

TEST_F(CacheFactoryTest, RefusesOptionsThatMakeNoSense) {
  struct Case {
    const char* why;
    CacheOptions options;
    const char* field;
  };
  const Case cases[] = {
      {"too small to hold its own bookkeeping", {.memory = {.max_bytes = 65'535}}, "max_bytes"},
      {"a busy loop", {.memory = {}, .sweep_interval = absl::ZeroDuration()}, "sweep_interval"},
  };
  for (const Case& c : cases) {
    const auto stack = MakeCache(c.options, &ledger_, &clock_);
    EXPECT_EQ(stack.status().code(), absl::StatusCode::kInvalidArgument) << c.why;
    EXPECT_EQ(FieldOf(stack.status()), c.field) << c.why;
  }
  EXPECT_TRUE(MakeCache({.memory = {.max_bytes = 65'536}}, &ledger_, &clock_).ok());
}

TEST_F(CacheFactoryTest, SweepsInTheBackground) {
  auto stack = MakeCache({.memory = {}, .sweep_interval = absl::Milliseconds(10)}, &ledger_, &clock_);
  ASSERT_TRUE(stack.ok());
  const absl::string_view payload[] = {"x"};
  stack->cache->Set(SpecOf(1, payload), absl::InfiniteFuture(), [](absl::StatusOr<SetOutcome>) {});
  ASSERT_EQ(stack->cache->GetUsage().entries, 1);
  clock_.Advance(absl::Seconds(1));
  while (stack->cache->GetUsage().entries != 0) std::this_thread::yield();  // Hangs, and times out, if nobody sweeps.
  stack->sweeper.reset();  // What is taken out is counted a moment later: wait for the end of the step.
  EXPECT_EQ(ledger_.Snapshot("").total.expirations, 1);
}

TEST(BackgroundSweeperTest, StepsOncePerWaitAndStopsWhenDestroyed) {
  std::counting_semaphore<> go(0), stepped(0);
  std::atomic<bool> stopping = false;
  std::atomic<int> steps = 0;
  {
    BackgroundSweeper sweeper(
        [&] {
          ++steps;
          stepped.release();
        },
        [&] {
          go.acquire();
          return !stopping;
        },
        [&] {
          stopping = true;
          go.release();
        });
    for (int i = 1; i <= 3; ++i) {
      go.release();
      stepped.acquire();
      EXPECT_EQ(steps, i);
    }
  }
  EXPECT_EQ(steps, 3);
}

TEST(BackgroundSweeperTest, DoesNotWaitForTheIntervalToStop) {
  const absl::Time before = absl::Now();
  {
    BackgroundSweeper sweeper([] {}, absl::Hours(1));
  }
  EXPECT_LT(absl::Now() - before, absl::Minutes(1));
}

}  // namespace
}  // namespace paracle::cachecore

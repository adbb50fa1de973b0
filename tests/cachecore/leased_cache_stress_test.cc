// Many threads ask, answer, fail, invalidate and go away at once. Whatever happens: everybody is answered once, of the
// leases of one question that overlap only one may fill it, and in the end nothing is left.
#include <array>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_caller.h"

namespace paracle::cachecore {
namespace {

constexpr int kThreads = 8;
constexpr int kQuestions = 64;
constexpr int kRounds = 3'000;  // Of each thread.

struct Counts {
  std::atomic<int> leases = 0, hits = 0, misses = 0, pending = 0, gone = 0;
  std::atomic<int> filled = 0, lost = 0, stale = 0, released = 0, invalidated = 0;
};

// A fill was OK, so its lease was the question's only one then. Whatever other leases had been given before it began
// are over, and none of them may begin a fill that is OK.
class Witness {
 public:
  struct Before {
    std::set<uint64_t> given;
    bool over = false;
  };

  void OnLease(int question, FillToken token) {
    std::lock_guard lock(mutex_);
    given_[static_cast<size_t>(question)].insert(token.lease);
  }

  Before BeforeFill(int question, FillToken token) {
    std::lock_guard lock(mutex_);
    return {given_[static_cast<size_t>(question)], over_[static_cast<size_t>(question)].contains(token.lease)};
  }

  void OnFilled(int question, const Before& before) {
    EXPECT_FALSE(before.over) << "two overlapping leases filled";
    std::lock_guard lock(mutex_);
    over_[static_cast<size_t>(question)].insert(before.given.begin(), before.given.end());
  }

 private:
  std::mutex mutex_;
  std::array<std::set<uint64_t>, kQuestions> given_, over_;
};

class Stress {
 public:
  Stress() {
    CacheOptions options;
    options.leases.limits.max_waiters_per_namespace = 40;
    options.leases.limits.max_leases_per_holder = 30;
    stack_ = std::make_unique<CacheStack>(*MakeCache(options, &ledger_, Clock::System()));
  }

  void Run() {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([this, i] { RunThread(i); });
    for (std::thread& thread : threads) thread.join();
  }

  LeasedCache& cache() { return *stack_->leases; }
  Counts& counts() { return counts_; }

 private:
  void RunThread(int number) {
    std::mt19937 random(static_cast<unsigned>(number));
    const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
    std::map<int, FillToken> held;
    std::vector<std::pair<int, std::unique_ptr<Caller>>> asked;
    for (int round = 0; round < kRounds; ++round) {
      const int question = below(kQuestions);
      if (held.size() > 6 || (!held.empty() && below(3) == 0)) {
        End(held, below(8));
      } else if (below(60) == 0) {
        ASSERT_TRUE(Forget(cache(), ByDigest(question)).ok());
        ++counts_.invalidated;
      } else {
        const CallerOptions options{.holder = absl::StrCat(number),
                                    .wait = absl::Milliseconds(below(4) == 0 ? 0 : 1 + below(30)),
                                    .hold = absl::Milliseconds(1 + below(20))};
        asked.emplace_back(question, std::make_unique<Caller>(question, options));
        asked.back().second->Ask(cache());
      }
      if (asked.size() >= 6) Settle(asked, held, below(4) == 0);
    }
    while (!asked.empty()) Settle(asked, held, false);
    while (!held.empty()) End(held, 7);
  }

  // The oldest is waited for, or goes away.
  void Settle(std::vector<std::pair<int, std::unique_ptr<Caller>>>& asked, std::map<int, FillToken>& held, bool leave) {
    const auto [question, caller] = std::move(asked.front());
    asked.erase(asked.begin());
    if (leave && caller->GoAway(cache())) {
      ++counts_.gone;
      EXPECT_EQ(caller->told(), Told::kNothing);
      return;
    }
    switch (caller->Wait()) {
      case Told::kHit:
        ++counts_.hits;
        return;
      case Told::kMiss:
        ++counts_.misses;
        return;
      case Told::kPending:
        ++counts_.pending;
        return;
      case Told::kLease:
        ++counts_.leases;
        witness_.OnLease(question, caller->token());
        if (held.contains(question)) Release(cache(), question, held[question]);
        held[question] = caller->token();
        return;
      case Told::kNothing:
        FAIL() << "never answered";
    }
  }

  void End(std::map<int, FillToken>& held, int how) {
    const auto [question, token] = *held.begin();
    held.erase(held.begin());
    if (how < 2) {
      ++counts_.released;
      return Release(cache(), question, token);
    }
    const Witness::Before before = witness_.BeforeFill(question, token);
    const auto outcome = Fill(cache(), {.question = question, .ttl = absl::Milliseconds(5), .fill_token = token});
    if (outcome.ok()) {
      ++counts_.filled;
      return witness_.OnFilled(question, before);
    }
    const std::string reason = ReasonOf(outcome.status());
    ++(reason == kReasonLeaseLost ? counts_.lost : counts_.stale);
    EXPECT_TRUE(reason == kReasonLeaseLost || reason == kReasonStaleFillToken) << outcome.status();
  }

  StatsLedger ledger_{{}, Clock::System()};
  std::unique_ptr<CacheStack> stack_;
  Counts counts_;
  Witness witness_;
};

TEST(LeasedCacheStressTest, EverybodyIsAnsweredOnceAndOverlappingLeasesFillOnce) {
  Stress stress;
  stress.Run();
  const Counts& counts = stress.counts();
  printf(
      "leases %d, hits %d, misses %d, pending %d, gone %d; filled %d, lost %d, stale %d, released %d, "
      "invalidations %d\n",
      counts.leases.load(), counts.hits.load(), counts.misses.load(), counts.pending.load(), counts.gone.load(),
      counts.filled.load(), counts.lost.load(), counts.stale.load(), counts.released.load(), counts.invalidated.load());
  EXPECT_GT(counts.hits, 0);
  EXPECT_GT(counts.filled, 0);
  EXPECT_GT(counts.lost, 0);
  EXPECT_GT(counts.gone, 0);
  EXPECT_EQ(stress.cache().counters().waiting, 0);
  // Leases that went to callers who had gone by then end by themselves.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (stress.cache().counters().held > 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_EQ(stress.cache().counters().held, 0);
}

}  // namespace
}  // namespace paracle::cachecore

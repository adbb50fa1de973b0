// A namespace with a share of the memory tier gives way to itself, and to nobody's cost.
#include "cachecore/memory_shares.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cachecore/memory_cache.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

class MemorySharesTest : public testing::Test {
 protected:
  void Make(const MemoryCacheOptions& options) {
    ASSERT_TRUE(options.Validate().ok());
    cache_ = std::make_unique<MemoryCache>(options, &ledger_, &clock_);
  }

  bool Set(const std::string& ns, int question, const std::string& payload = "an answer") {
    const Answer answer{.ns = ns, .question = question, .payload = payload};
    const absl::string_view pieces[] = {answer.payload};
    return cache_->Store(answer.Spec(pieces))->stored_in_memory;
  }

  bool Find(const std::string& ns, int question) {
    return cache_->Lookup({.ns = ns, .digest = DigestOfQuestion(question)}).has_value();
  }

  // Without counting as a use.
  bool Holds(const std::string& ns, int question) {
    return cache_->Remove({.ns = ns, .kind = Kind::kDigest, .digest = DigestOfQuestion(question), .value = ""}, true)
               .removed == 1;
  }

  int64_t Held(const std::string& ns) {
    return cache_->Remove({.ns = ns, .kind = Kind::kNamespace, .digest = {}, .value = ""}, true).removed;
  }

  FakeClock clock_;
  StatsLedger ledger_{LedgerOptions{}, &clock_};
  std::unique_ptr<MemoryCache> cache_;
};

TEST_F(MemorySharesTest, NamespaceOverItsShareEvictsItsOwnLeastRecentlyUsed) {
  Make({.max_entries = 100, .shares = {.named = {{"greedy", 0.1}}}});
  for (int question = 0; question < 50; ++question) ASSERT_TRUE(Set("modest", question));
  for (int question = 0; question < 10; ++question) ASSERT_TRUE(Set("greedy", question));
  ASSERT_TRUE(Find("greedy", 0));
  for (int turn = 1; turn <= 9; ++turn) {
    ASSERT_TRUE(Holds("greedy", turn));
    ASSERT_TRUE(Set("greedy", 100 + turn));
    ASSERT_FALSE(Holds("greedy", turn)) << "from the least recently used on";
  }
  EXPECT_TRUE(Holds("greedy", 0)) << "it was used";
  for (int question = 0; question < 1000; ++question) ASSERT_TRUE(Set("greedy", 1000 + question));
  EXPECT_EQ(Held("greedy"), 10);
  EXPECT_EQ(Held("modest"), 50);
}

TEST_F(MemorySharesTest, BytesAreSharedLikeEntries) {
  for (size_t limit : {size_t{1000}, size_t{0}}) {
    SCOPED_TRACE(limit);
    constexpr int64_t kLimit = 64 << 20;
    Make({.max_entries = limit, .max_bytes = kLimit, .shares = {.named = {{"greedy", 0.25}}}});
    const std::string large(1 << 20, 'x');
    for (int question = 0; question < 40; ++question) ASSERT_TRUE(Set("modest", question, large));
    for (int question = 0; question < 200; ++question) {
      ASSERT_TRUE(Set("greedy", question, large));
      clock_.Advance(absl::Milliseconds(10));
    }
    EXPECT_EQ(Held("modest"), 40);
    EXPECT_EQ(Held("greedy"), 15) << "a quarter of 64 MiB, less what is beside the payloads";
    for (int question = 185; question < 200; ++question) EXPECT_TRUE(Holds("greedy", question)) << question;
  }
}

TEST_F(MemorySharesTest, ReplacingWhatIsThereEvictsNothing) {
  Make({.max_entries = 100, .shares = {.others = 0.1}});
  for (int question = 0; question < 10; ++question) ASSERT_TRUE(Set("a", question));
  for (int turn = 0; turn < 50; ++turn) ASSERT_TRUE(Set("a", turn % 10));
  EXPECT_EQ(Held("a"), 10);
  EXPECT_EQ(ledger_.Snapshot("").total.evictions, 0);
}

TEST_F(MemorySharesTest, EachNamespaceHasAShareOfItsOwn) {
  Make({.max_entries = 100, .shares = {.others = 0.1}});
  for (const char* ns : {"a", "b", "c"}) {
    for (int question = 0; question < 30; ++question) ASSERT_TRUE(Set(ns, question));
  }
  for (const char* ns : {"a", "b", "c"}) EXPECT_EQ(Held(ns), 10) << ns;
}

TEST_F(MemorySharesTest, ShareOfNothingElseIsTheWholeCache) {
  Make({.max_entries = 100, .shares = {.named = {{"free", 0}}, .others = 0.1}});
  for (int question = 0; question < 300; ++question) ASSERT_TRUE(Set("free", question));
  EXPECT_EQ(Held("free"), 100);
}

// The limits of the tier go before: whose entry was used longest ago gives way, whether it has a share or not.
TEST_F(MemorySharesTest, FullTierEvictsWhatWasUsedLongestAgoOfAll) {
  for (size_t limit : {size_t{30}, size_t{70'000}}) {
    SCOPED_TRACE(limit);
    Make({.max_entries = limit, .shares = {.named = {{"a", 0.5}, {"b", 0.5}}}});
    const int third = static_cast<int>(limit) / 3;
    for (const char* ns : {"b", "none", "a"}) {
      for (int question = 0; question < third; ++question) ASSERT_TRUE(Set(ns, question, ""));
      clock_.Advance(absl::Seconds(1));
    }
    for (int question = 0; question < third; ++question) ASSERT_TRUE(Find("b", question));
    clock_.Advance(absl::Seconds(1));
    const int few = third / 2;
    for (int question = 0; question < few; ++question) ASSERT_TRUE(Set("new", question, ""));
    EXPECT_EQ(Held("a"), third);
    EXPECT_EQ(Held("b"), third);
    EXPECT_EQ(Held("none"), static_cast<int>(limit) - 2 * third - few);
  }
}

TEST_F(MemorySharesTest, EntryLargerThanTheShareIsNotStoredAndWhatItReplacesGoes) {
  Make({.max_entries = 0, .max_bytes = 1 << 20, .shares = {.named = {{"small", 0.1}}}});
  ASSERT_TRUE(Set("small", 1, "fits"));
  EXPECT_FALSE(Set("small", 1, std::string(200'000, 'x')));
  EXPECT_FALSE(Find("small", 1)) << "the old answer must not come back";
  EXPECT_TRUE(Set("large", 1, std::string(200'000, 'x')));
}

TEST_F(MemorySharesTest, SweepAndInvalidationsSeeWhatHasAShare) {
  for (size_t limit : {size_t{1000}, size_t{0}}) {
    SCOPED_TRACE(limit);
    Make({.max_entries = limit, .max_bytes = 64 << 20, .shares = {.named = {{"a", 0.5}}, .others = 0.5}});
    for (int question = 0; question < 300; ++question) {
      ASSERT_TRUE(Set("a", question) && Set("b", question));
    }
    EXPECT_EQ(cache_->Remove({.ns = "a", .kind = Kind::kNamespace, .digest = {}, .value = ""}, false).removed, 300);
    EXPECT_EQ(cache_->Remove({.ns = "b", .kind = Kind::kModel, .digest = {}, .value = "gpt-4"}, true).removed, 300);
    clock_.Advance(absl::Hours(2));
    for (int step = 0; step < 10; ++step) cache_->Sweep();
    EXPECT_EQ(cache_->GetUsage().entries, 0);
  }
}

TEST_F(MemorySharesTest, InventedNamespacesBeyondTheBoundHaveOneShareInCommon) {
  Make({.max_entries = 10'000, .shares = {.others = 0.01}});
  for (size_t i = 0; i < MemoryShares::kMaxOthers; ++i) ASSERT_TRUE(Set(absl::StrCat("first-", i), 0));
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(Set(absl::StrCat("invented-", i), 0));
  EXPECT_EQ(cache_->GetUsage().entries, MemoryShares::kMaxOthers + 100);
  // What is gone makes room for others.
  for (size_t i = 0; i < MemoryShares::kMaxOthers; ++i) {
    cache_->Remove({.ns = absl::StrCat("first-", i), .kind = Kind::kNamespace, .digest = {}, .value = ""}, false);
  }
  for (int question = 0; question < 300; ++question) ASSERT_TRUE(Set("own", question));
  EXPECT_EQ(Held("own"), 100);
  EXPECT_EQ(cache_->GetUsage().entries, 200);
}

TEST_F(MemorySharesTest, ThreadsLeaveAnExactAccount) {
  for (size_t limit : {size_t{500}, size_t{70'000}}) {
    SCOPED_TRACE(limit);
    Make({.max_entries = limit, .max_bytes = 64 << 20, .shares = {.named = {{"a", 0.1}}, .others = 0.2}});
    const int share = static_cast<int>(limit) / 10;
    for (int question = 0; question < share; ++question) ASSERT_TRUE(Set("still", question, ""));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([this, t, share] {
        for (int i = 0; i < 4 * share; ++i) Set("a", (i * 7 + t) % (2 * share), "");
      });
    }
    for (std::thread& thread : threads) thread.join();
    const auto held = static_cast<int>(Held("a"));
    EXPECT_LE(held, share);
    EXPECT_GE(held, share - 4) << "each thread may last have replaced what it had made room for";
    EXPECT_EQ(Held("still"), share) << "nobody else's entries went";
    EXPECT_EQ(cache_->GetUsage().entries, share + held);
  }
}

TEST_F(MemorySharesTest, EntriesOutliveTheCache) {
  Make({.max_entries = 10, .shares = {.others = 0.5}});
  ASSERT_TRUE(Set("a", 1, "kept"));
  const auto hit = cache_->Lookup({.ns = "a", .digest = DigestOfQuestion(1)});
  cache_.reset();
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->entry->payload(), "kept");
}

}  // namespace
}  // namespace paracle::cachecore

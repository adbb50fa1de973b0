// A hundred thousand steps of a LeaseTable beside its model: the same answers, the same lines in the same order, and
// every waiting call in exactly one of them.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_model.h"

namespace paracle::cachecore {
namespace {

using Line = std::vector<LeaseCall*>;

constexpr int kQuestions = 8;
constexpr int kCalls = 40;
constexpr LeaseTableLimits kLimits{
    .max_waiters = 20, .max_waiters_per_namespace = 12, .max_leases = 5, .max_leases_per_holder = 2};

std::string NamespaceOf(int question) { return absl::StrCat("ns", question % 3); }

class RandomSteps {
 public:
  explicit RandomSteps(uint64_t seed) : random_(seed) {
    for (int i = 0; i < kCalls; ++i) {
      const int question = i % kQuestions;
      free_.push_back(&calls_.emplace_back(question, absl::StrCat("holder", i % 4), NamespaceOf(question)));
      LeaseCallAccess::LookUp(calls_.back(), table_);
    }
  }

  void Step() {
    switch (Below(16)) {
      case 0:
      case 1:
        return Claim();
      case 2:
        return Record();
      case 3:
        return Renew();
      case 4:
        return BeginFill();
      case 5:
        return EndFill();
      case 6:
        return End();
      case 7:
      case 8:
      case 9:
        return Wait();
      case 10:
        return ComeBack();
      case 11:
        return TakeFirst();
      case 12:
        return Remove();
      case 13:
        return TakeFirstOfEach();
      case 14:
        return Advance();
      default:
        return LookUp();
    }
  }

  void Check() {
    ASSERT_EQ(table_.held(), model_.held());
    ASSERT_EQ(table_.waiting(), model_.waiting());
    ASSERT_EQ(table_.questions(), model_.questions());
    ASSERT_EQ(table_.next_due(), model_.next_due());
    ASSERT_EQ(free_.size() + asking_.size() + table_.waiting(), calls_.size()) << "a call is lost, or twice there";
    const std::string holder = absl::StrCat("holder", Below(4));
    ASSERT_EQ(table_.MayHold(holder), model_.MayHold(holder));
    const int question = Below(kQuestions);
    const auto held = table_.HeldHere(Tag(question), now_);
    const LeaseModel::Question& expected = model_.Of(question);
    ASSERT_EQ(held ? held->token.lease : 0, expected.until > now_ ? expected.lease : 0);
  }

  // Everybody leaves, everything ends.
  void Finish() {
    for (LeaseCall* call : asking_) Tell(*call);
    asking_.clear();
    table_.TakeEverybody();
    for (int question = 0; question < kQuestions; ++question) {
      table_.End(Tag(question), model_.Of(question).lease, now_);
    }
    table_.Advance(now_ + 2 * LeaseTable::kRememberFillNanos);
    EXPECT_EQ(table_.questions(), 0u);
    EXPECT_EQ(table_.held(), 0u);
    EXPECT_EQ(table_.waiting(), 0u);
    EXPECT_EQ(table_.next_due(), LeaseTable::kNever);
  }

 private:
  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  int64_t Soon() { return now_ + 1 + Below(2'000'000'000); }
  EntryTag Tag(int question) { return LeaseCallAccess::Tag(calls_[static_cast<size_t>(question)]); }
  static uint64_t Version(const LeaseCall& call) { return LeaseCallAccess::version(call); }
  int QuestionOf(const LeaseCall& call) const { return static_cast<int>(IndexOf(call)) % kQuestions; }
  size_t IndexOf(const LeaseCall& call) const {
    return static_cast<size_t>(
        std::find_if(calls_.begin(), calls_.end(), [&](const TableCall& each) { return &each == &call; }) -
        calls_.begin());
  }
  TableCall* AnyFree() {
    return free_.empty() ? nullptr : free_[static_cast<size_t>(Below(static_cast<int>(free_.size())))];
  }
  // The lease of a question, or once in a while any other.
  uint64_t SomeLease(int question) {
    const LeaseModel::Question& q = model_.Of(question);
    const uint64_t lease = q.lease != 0 ? q.lease : q.filled;
    return lease == 0 || Below(4) == 0 ? 1 + static_cast<uint64_t>(Below(1000)) : lease;
  }

  void Freed(const Line& line) {
    for (LeaseCall* call : line) free_.push_back(static_cast<TableCall*>(call));
  }
  void Taken(const Line& got, const Line& expected, bool to_ask) {
    ASSERT_EQ(got, expected);
    for (LeaseCall* call : got) ASSERT_EQ(LeaseCallAccess::asks_for_all(*call), to_ask);
    if (to_ask) {
      asking_.insert(asking_.end(), got.begin(), got.end());
    } else {
      Freed(got);
    }
  }

  void LookUp() {
    if (TableCall* call = AnyFree()) LeaseCallAccess::LookUp(*call, table_);
  }

  void Claim() {
    TableCall* const call = AnyFree();
    if (call == nullptr) return;
    const int question = QuestionOf(*call);
    const uint64_t dead = Below(4) == 0 ? model_.Of(question).lease : 0;
    const int64_t until = Soon();
    const bool moved = table_.Version(Tag(question)) != Version(*call);
    const auto claim = table_.Claim(*call, {.lease = ++last_lease_}, until, now_, dead);
    ASSERT_EQ(claim.result, moved ? LeaseTable::Claimed::kChanged
                                  : model_.Claim(question, call->holder, last_lease_, until, now_, dead));
    const uint64_t told = claim.result == LeaseTable::Claimed::kHeld ? model_.Of(question).lease : 0;
    ASSERT_EQ(claim.held.token.lease, told);
  }

  void Record() {
    TableCall* const call = AnyFree();
    if (call == nullptr) return;
    const int64_t until = Soon();
    table_.Record(*call, {.lease = ++last_lease_}, until, now_);
    model_.Give(QuestionOf(*call), call->holder, last_lease_, until);
  }

  void Renew() {
    const int question = Below(kQuestions);
    const uint64_t lease = SomeLease(question);
    const int64_t until = Soon();
    LeaseModel::Question& q = model_.Of(question);
    const bool expected = q.lease == lease && q.until > now_;
    ASSERT_EQ(table_.Renew(Tag(question), lease, until, now_), expected);
    if (expected) q.until = until;
  }

  void BeginFill() {
    const int question = Below(kQuestions);
    const uint64_t lease = SomeLease(question);
    ASSERT_EQ(table_.BeginFill(Tag(question), lease, now_), model_.BeginFill(question, lease, now_));
  }

  void EndFill() {
    const int question = Below(kQuestions);
    const uint64_t lease = Below(3) == 0 ? 0 : SomeLease(question);
    const uint64_t before = table_.Version(Tag(question));
    Taken(table_.EndFill(Tag(question), lease, now_), model_.EndFill(question, lease, now_), false);
    ASSERT_NE(table_.Version(Tag(question)), before);
  }

  void End() {
    const int question = Below(kQuestions);
    const uint64_t lease = SomeLease(question);
    const uint64_t before = table_.Version(Tag(question));
    Taken(table_.End(Tag(question), lease, now_), model_.End(question, lease), true);
    ASSERT_NE(table_.Version(Tag(question)), before);
  }

  LeaseTable::Waiting WaitAs(TableCall& call) {
    const int question = QuestionOf(call);
    if (Below(4) != 0) LeaseCallAccess::LookUp(call, table_);
    const bool moved = table_.Version(Tag(question)) != Version(call);
    const bool asks_for_all = LeaseCallAccess::asks_for_all(call);
    const int64_t look_at = Soon();
    LeaseCallAccess::WaitsUntil(call, Soon());
    call.gone = Below(8) == 0;
    const auto waiting = table_.Wait(call, look_at);
    const auto expected = call.gone ? LeaseTable::Waiting::kCancelled
                          : moved   ? LeaseTable::Waiting::kChanged
                                    : model_.Wait(question, call, asks_for_all, look_at);
    EXPECT_EQ(waiting, expected);
    return waiting;
  }

  void Wait() {
    TableCall* const call = AnyFree();
    if (call == nullptr || WaitAs(*call) != LeaseTable::Waiting::kWaiting) return;
    std::erase(free_, call);
  }

  // One of those who asked on behalf of their line waits again, or is answered.
  void ComeBack() {
    if (asking_.empty()) return;
    LeaseCall* const call = asking_[static_cast<size_t>(Below(static_cast<int>(asking_.size())))];
    std::erase(asking_, call);
    if (Below(2) == 0 && WaitAs(static_cast<TableCall&>(*call)) == LeaseTable::Waiting::kWaiting) return;
    Tell(*call);
    Freed({call});
  }

  void Tell(LeaseCall& call) {
    const int64_t look_at = Soon();
    LeaseCallAccess::Answered(call);
    table_.AskedForAll(Tag(QuestionOf(call)), look_at);
    model_.AskedForAll(QuestionOf(call), look_at);
  }

  void TakeFirst() {
    const int question = Below(kQuestions);
    Taken(table_.TakeFirst(Tag(question)), model_.TakeFirst(question), true);
  }

  void Remove() {
    TableCall& call = calls_[static_cast<size_t>(Below(kCalls))];
    const bool removed = table_.Remove(call);
    ASSERT_EQ(removed, model_.Remove(QuestionOf(call), call));
    if (removed) Freed({&call});
  }

  void TakeFirstOfEach() {
    if (Below(4) != 0) return;
    const std::string ns = absl::StrCat("ns", Below(3));
    Line expected;
    for (int question = 0; question < kQuestions; ++question) {
      if (NamespaceOf(question) != ns) continue;
      const Line first = model_.TakeFirst(question);
      expected.insert(expected.end(), first.begin(), first.end());
    }
    Line got = table_.TakeFirstOfEach(ns);
    std::sort(got.begin(), got.end());
    std::sort(expected.begin(), expected.end());
    Taken(got, expected, true);
  }

  void Advance() {
    now_ += Below(3'000'000'00);
    LeaseTable::Due due = table_.Advance(now_);
    LeaseModel::Due expected = model_.Advance(now_);
    for (Line* line : {&due.over, &due.ask, &expected.over, &expected.ask}) std::sort(line->begin(), line->end());
    Taken(due.over, expected.over, false);
    Taken(due.ask, expected.ask, true);
    std::vector<uint64_t> ended;
    for (const auto& [tag, token] : due.ended) ended.push_back(token.lease);
    ASSERT_THAT(ended, testing::UnorderedElementsAreArray(expected.ended));
  }

  std::mt19937_64 random_;
  LeaseTable table_{kLimits};
  LeaseModel model_{kLimits, kQuestions};
  std::deque<TableCall> calls_;
  std::vector<TableCall*> free_;
  Line asking_;
  int64_t now_ = 1'000'000'000;
  uint64_t last_lease_ = 1000;
};

TEST(LeaseTableRandomTest, AHundredThousandStepsAreThoseOfTheModel) {
  const uint64_t seed = std::random_device()();
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  RandomSteps steps(seed);
  for (int i = 0; i < 100'000; ++i) {
    steps.Step();
    steps.Check();
    if (testing::Test::HasFailure()) FAIL() << "at step " << i << " with seed " << seed;
  }
  steps.Finish();
}

}  // namespace
}  // namespace paracle::cachecore

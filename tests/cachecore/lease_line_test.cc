// The line of calls that wait for one answer: who is in it, who asks on behalf of it, and when.
#include <functional>

#include "cachecore/lease_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_call_access.h"

namespace paracle::cachecore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Waiting = LeaseTable::Waiting;

constexpr int64_t kNow = 1'000'000'000;
constexpr int64_t kLater = kNow + 1'000'000;
constexpr int64_t kLong = kNow + 60'000'000'000;

class LeaseLineTest : public testing::Test {
 protected:
  Waiting Wait(TableCall& call, int64_t look_at = kLong, int64_t until = kLong) {
    LeaseCallAccess::LookUp(call, table_);
    return WaitAgain(call, look_at, until);
  }
  Waiting WaitAgain(TableCall& call, int64_t look_at = kLong, int64_t until = kLong) {
    LeaseCallAccess::WaitsUntil(call, until);
    return table_.Wait(call, look_at);
  }
  void AllWait(int64_t look_at = kLong) {
    for (TableCall* call : {&a_, &b_, &c_}) ASSERT_EQ(Wait(*call, look_at), Waiting::kWaiting);
  }

  LeaseTable table_{{.max_waiters = 4, .max_waiters_per_namespace = 3}};
  TableCall a_, b_, c_;
  const EntryTag tag_ = LeaseCallAccess::Tag(a_);
};

TEST_F(LeaseLineTest, AFillTakesEverybodyInTheirOrder) {
  AllWait();
  EXPECT_EQ(table_.waiting(), 3u);
  EXPECT_THAT(table_.EndFill(tag_, 0, kNow), ElementsAre(&a_, &b_, &c_));
  EXPECT_FALSE(LeaseCallAccess::asks_for_all(a_)) << "each looks up for itself";
  EXPECT_EQ(table_.waiting(), 0u);
  EXPECT_EQ(table_.questions(), 0u);
}

TEST_F(LeaseLineTest, TheEndOfALeaseTakesTheFirstAloneUntilItHasAsked) {
  AllWait();
  EXPECT_THAT(table_.End(tag_, 7, kNow), ElementsAre(&a_));
  EXPECT_TRUE(LeaseCallAccess::asks_for_all(a_));
  EXPECT_THAT(table_.End(tag_, 7, kNow), IsEmpty()) << "it asks already";
  EXPECT_THAT(table_.TakeFirst(tag_), IsEmpty());
  EXPECT_THAT(table_.Advance(kLong - 1).ask, IsEmpty());
  table_.AskedForAll(tag_, kLater);
  EXPECT_EQ(table_.next_due(), kLater);
  EXPECT_THAT(table_.Advance(kLater).ask, ElementsAre(&b_));
}

TEST_F(LeaseLineTest, WhoeverAskedInVainGoesBackToTheFront) {
  AllWait();
  ASSERT_THAT(table_.TakeFirst(tag_), ElementsAre(&a_));
  LeaseCallAccess::LookUp(a_, table_);
  ASSERT_EQ(WaitAgain(a_, kLater), Waiting::kWaiting);
  EXPECT_EQ(table_.next_due(), kLater) << "the line asks again when it said";
  EXPECT_THAT(table_.EndFill(tag_, 0, kNow), ElementsAre(&a_, &b_, &c_));
}

TEST_F(LeaseLineTest, NobodyEntersTheLineWhoseLookupMayHaveMissedWhatEndsTheWait) {
  ASSERT_EQ(Wait(b_), Waiting::kWaiting);
  const struct {
    const char* why;
    std::function<void()> happens;
  } kCases[] = {
      {"a fill", [&] { table_.EndFill(tag_, 0, kNow); }},
      {"the end of a lease", [&] { table_.End(tag_, 7, kNow); }},
      {"an invalidation of the question", [&] { table_.TakeFirst(tag_); }},
      {"an invalidation of much", [&] { table_.TakeFirstOfEach("default"); }},
      {"a lease whose time is over",
       [&] {
         LeaseCallAccess::LookUp(c_, table_);
         table_.Record(c_, {.lease = 7}, kLater, kNow);
         table_.Advance(kLater);
       }},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    LeaseCallAccess::LookUp(a_, table_);
    c.happens();
    EXPECT_EQ(WaitAgain(a_), Waiting::kChanged);
    EXPECT_EQ(Wait(a_), Waiting::kWaiting) << "after another lookup";
    EXPECT_TRUE(table_.Remove(a_));
  }
}

TEST_F(LeaseLineTest, WhoeverWaitsLeavesWhenItsTimeIsOver) {
  ASSERT_EQ(Wait(a_, kLong, kLater + 1), Waiting::kWaiting);
  ASSERT_EQ(Wait(b_, kLong, kLater), Waiting::kWaiting);
  ASSERT_EQ(Wait(c_), Waiting::kWaiting);
  EXPECT_EQ(table_.next_due(), kLater);
  EXPECT_THAT(table_.Advance(kLater).over, ElementsAre(&b_));
  EXPECT_THAT(table_.Advance(kLong - 1).over, ElementsAre(&a_));
  EXPECT_EQ(table_.waiting(), 1u);
}

TEST_F(LeaseLineTest, TheLineAsksAtTheEarliestMomentThatAnybodyNamed) {
  ASSERT_EQ(Wait(a_, kLong - 1), Waiting::kWaiting);
  ASSERT_EQ(Wait(b_, kLater), Waiting::kWaiting);
  ASSERT_EQ(Wait(c_, kLong - 2), Waiting::kWaiting);
  EXPECT_EQ(table_.next_due(), kLater);
  EXPECT_THAT(table_.Advance(kLater - 1).ask, IsEmpty());
  EXPECT_THAT(table_.Advance(kLater).ask, ElementsAre(&a_));
}

TEST_F(LeaseLineTest, ALeaseWhoseTimeIsOverHasTheFirstAskAtOnce) {
  TableCall holder;
  LeaseCallAccess::LookUp(holder, table_);
  ASSERT_EQ(table_.Claim(holder, {.lease = 7}, kLater, kNow, 0).result, LeaseTable::Claimed::kGiven);
  AllWait();
  const LeaseTable::Due due = table_.Advance(kLater);
  EXPECT_EQ(due.ended.size(), 1u);
  EXPECT_THAT(due.ask, ElementsAre(&a_));
}

TEST_F(LeaseLineTest, TheLineOfSomebodyElsesLeaseStays) {
  TableCall holder;
  LeaseCallAccess::LookUp(holder, table_);
  ASSERT_EQ(table_.Claim(holder, {.lease = 7}, kLong, kNow, 0).result, LeaseTable::Claimed::kGiven);
  AllWait();
  EXPECT_THAT(table_.End(tag_, 8, kNow), IsEmpty());
  EXPECT_THAT(table_.End(tag_, 7, kNow), ElementsAre(&a_));
}

TEST_F(LeaseLineTest, NoMoreWaitThanMay) {
  TableCall other_namespace(1, "someone", "other"), another(2, "someone", "other"), fourth;
  AllWait();
  EXPECT_EQ(Wait(fourth), Waiting::kFull) << "of one namespace";
  EXPECT_EQ(Wait(other_namespace), Waiting::kWaiting);
  EXPECT_EQ(Wait(another), Waiting::kFull) << "in all";
  EXPECT_EQ(table_.questions(), 2u) << "a refusal leaves nothing behind";
  EXPECT_TRUE(table_.Remove(b_));
  EXPECT_EQ(Wait(another), Waiting::kWaiting);
}

TEST_F(LeaseLineTest, WhoeverIsCancelledIsInNoLine) {
  a_.gone = true;
  EXPECT_EQ(Wait(a_), Waiting::kCancelled);
  EXPECT_FALSE(table_.Remove(a_));
  ASSERT_EQ(Wait(b_), Waiting::kWaiting);
  EXPECT_TRUE(table_.Remove(b_));
  EXPECT_FALSE(table_.Remove(b_)) << "it is out already";
  EXPECT_EQ(table_.questions(), 0u);
  EXPECT_EQ(table_.next_due(), LeaseTable::kNever);
}

TEST_F(LeaseLineTest, TheFirstOfEachLineOfANamespaceIsTakenAtOnce) {
  LeaseTable table({});
  TableCall first_a(1), second_a(1), first_b(2), other(1, "someone", "other");
  for (TableCall* call : {&first_a, &second_a, &first_b, &other}) {
    LeaseCallAccess::LookUp(*call, table);
    LeaseCallAccess::WaitsUntil(*call, kLong);
    ASSERT_EQ(table.Wait(*call, kLong), Waiting::kWaiting);
  }
  EXPECT_THAT(table.TakeFirstOfEach("default"), UnorderedElementsAre(&first_a, &first_b));
  EXPECT_EQ(table.waiting(), 2u);
}

TEST_F(LeaseLineTest, EverybodyIsTakenForGood) {
  AllWait();
  EXPECT_THAT(table_.TakeEverybody(), UnorderedElementsAre(&a_, &b_, &c_));
  EXPECT_EQ(table_.waiting(), 0u);
  EXPECT_EQ(table_.questions(), 0u);
}

TEST_F(LeaseLineTest, ItIsNotedWhoHasWaited) {
  EXPECT_FALSE(a_.has_waited);
  AllWait();
  EXPECT_TRUE(a_.has_waited);
}

}  // namespace
}  // namespace paracle::cachecore

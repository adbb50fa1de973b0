// Who holds a lease, and when it ends: the table alone, with time passed in.
#include "cachecore/lease_table.h"

#include <deque>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_call_access.h"

namespace paracle::cachecore {
namespace {

using Claimed = LeaseTable::Claimed;
using Fill = LeaseTable::Fill;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNow = 1'000'000'000;
constexpr int64_t kHold = 30'000'000'000;

FillToken Token(uint64_t lease) { return {.epoch = 1, .sequence = 2, .lease = lease}; }

class LeaseTableTest : public testing::Test {
 protected:
  // Looks up, misses, and claims.
  LeaseTable::ClaimResult Claim(TableCall& call, uint64_t lease, int64_t now = kNow, uint64_t dead = 0) {
    LeaseCallAccess::LookUp(call, table_);
    return table_.Claim(call, Token(lease), now + kHold, now, dead);
  }

  LeaseTableLimits limits_{
      .max_waiters = 10, .max_waiters_per_namespace = 10, .max_leases = 4, .max_leases_per_holder = 2};
  LeaseTable table_{limits_};
  TableCall call_;
  const EntryTag tag_ = LeaseCallAccess::Tag(call_);
};

TEST_F(LeaseTableTest, AClaimIsGivenOnlyWhileNobodyHoldsTheLease) {
  const struct {
    const char* why;
    bool held, filling;
    int64_t after;  // The first claim.
    uint64_t dead;
    Claimed want;
  } kCases[] = {
      {"nobody holds it", false, false, 0, 0, Claimed::kGiven},
      {"somebody does", true, false, 0, 0, Claimed::kHeld},
      {"to the last moment", true, false, kHold - 1, 0, Claimed::kHeld},
      {"its time is over", true, false, kHold, 0, Claimed::kGiven},
      {"it is dead", true, false, 0, 7, Claimed::kGiven},
      {"another one is dead", true, false, 0, 6, Claimed::kHeld},
      {"it is being filled, though its time is over", true, true, kHold, 0, Claimed::kHeld},
      {"it is being filled, though it is dead", true, true, 0, 7, Claimed::kHeld},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    LeaseTable table(limits_);
    TableCall holder, other(1, "another");
    if (c.held) {
      LeaseCallAccess::LookUp(holder, table);
      ASSERT_EQ(table.Claim(holder, Token(7), kNow + kHold, kNow, 0).result, Claimed::kGiven);
    }
    ASSERT_TRUE(!c.filling || table.BeginFill(tag_, 7, kNow) == Fill::kCurrent);
    LeaseCallAccess::LookUp(other, table);
    const auto claim = table.Claim(other, Token(8), kNow + 2 * kHold, kNow + c.after, c.dead);
    EXPECT_EQ(claim.result, c.want);
    if (c.want == Claimed::kHeld) {
      EXPECT_EQ(claim.held.token, Token(7));
      EXPECT_EQ(claim.held.until, kNow + kHold);
    } else {
      EXPECT_EQ(table.HeldHere(tag_, kNow + c.after)->token, Token(8));
    }
    EXPECT_EQ(table.held(), 1u);
  }
}

TEST_F(LeaseTableTest, AClaimAfterALookupThatMayHaveMissedTheFillIsRefused) {
  LeaseCallAccess::LookUp(call_, table_);
  table_.EndFill(tag_, 0, kNow);
  EXPECT_EQ(table_.Claim(call_, Token(1), kNow + kHold, kNow, 0).result, Claimed::kChanged);
  EXPECT_EQ(table_.questions(), 0u);
}

TEST_F(LeaseTableTest, ALeaseIsKnownUntilItsTimeIsOver) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  EXPECT_EQ(table_.HeldHere(tag_, kNow)->until, kNow + kHold);
  EXPECT_FALSE(table_.HeldHere(tag_, kNow + kHold));
  EXPECT_EQ(table_.next_due(), kNow + kHold);
  EXPECT_THAT(table_.Advance(kNow + kHold - 1).ended, IsEmpty());
  EXPECT_THAT(table_.Advance(kNow + kHold).ended, ElementsAre(std::pair(tag_, Token(7))));
  EXPECT_EQ(table_.held(), 0u);
  EXPECT_EQ(table_.questions(), 0u);
  EXPECT_EQ(table_.next_due(), LeaseTable::kNever);
}

TEST_F(LeaseTableTest, ARenewedLeaseEndsLaterAndALostOneIsNotRenewed) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  EXPECT_TRUE(table_.Renew(tag_, 7, kNow + 2 * kHold, kNow + kHold - 1));
  EXPECT_EQ(table_.next_due(), kNow + 2 * kHold);
  EXPECT_EQ(table_.GivenAt(tag_, 7), kNow);
  EXPECT_FALSE(table_.Renew(tag_, 8, kNow + 3 * kHold, kNow)) << "somebody else's";
  EXPECT_FALSE(table_.Renew(tag_, 7, kNow + 3 * kHold, kNow + 2 * kHold)) << "too late";
  EXPECT_EQ(table_.GivenAt(tag_, 8), 0);
}

TEST_F(LeaseTableTest, OneHolderAndAllTogetherHoldNoMoreThanTheyMay) {
  std::deque<TableCall> calls;
  const auto claim = [&](int question, const char* holder) {
    return Claim(calls.emplace_back(question, holder), static_cast<uint64_t>(question)).result;
  };
  EXPECT_EQ(claim(1, "a"), Claimed::kGiven);
  EXPECT_EQ(claim(2, "a"), Claimed::kGiven);
  EXPECT_FALSE(table_.MayHold("a"));
  EXPECT_EQ(claim(3, "a"), Claimed::kRefused) << "one holder's share";
  EXPECT_EQ(claim(3, "b"), Claimed::kGiven);
  EXPECT_EQ(claim(4, "b"), Claimed::kGiven);
  EXPECT_FALSE(table_.MayHold("c"));
  EXPECT_EQ(claim(5, "c"), Claimed::kRefused) << "everybody's";
  EXPECT_EQ(table_.questions(), 4u) << "a refusal leaves nothing behind";
  table_.End(LeaseCallAccess::Tag(calls[0]), 1, kNow);
  EXPECT_EQ(claim(5, "a"), Claimed::kGiven);
}

TEST_F(LeaseTableTest, ALeaseOfTheSharedTierReplacesWhatWasKnown) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  TableCall other(1, "another");
  LeaseCallAccess::LookUp(other, table_);
  table_.Record(other, Token(8), kNow + kHold, kNow);
  EXPECT_EQ(table_.HeldHere(tag_, kNow)->token, Token(8));
  EXPECT_EQ(table_.held(), 1u);
  EXPECT_TRUE(table_.MayHold("someone"));
}

TEST_F(LeaseTableTest, AFillIsTakenFromWhoeverHoldsTheLeaseAndFromHimAgain) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  EXPECT_EQ(table_.BeginFill(tag_, 8, kNow), Fill::kLost);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kCurrent);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kCurrent) << "a retry that comes while the first is under way";
  EXPECT_EQ(table_.next_due(), LeaseTable::kNever) << "nothing ends a lease that is being filled";
  table_.EndFill(tag_, 7, kNow);
  EXPECT_EQ(table_.held(), 0u);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kRepeated);
  EXPECT_EQ(table_.BeginFill(tag_, 8, kNow), Fill::kLost);
}

TEST_F(LeaseTableTest, AFillIsLate) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow + kHold), Fill::kLost) << "once the lease's time is over";
  table_.End(tag_, 7, kNow);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kLost) << "once it has been given back";
  ASSERT_EQ(Claim(call_, 8).result, Claimed::kGiven);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kLost) << "once somebody else holds it";
  table_.EndFill(tag_, 8, kNow);
  ASSERT_EQ(Claim(call_, 9).result, Claimed::kGiven);
  EXPECT_EQ(table_.BeginFill(tag_, 8, kNow), Fill::kLost) << "a repeated one too";
}

TEST_F(LeaseTableTest, AFillIsRememberedForTenSecondsAndThenNothingIsLeft) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  table_.EndFill(tag_, 7, kNow);
  EXPECT_EQ(table_.next_due(), kNow + LeaseTable::kRememberFillNanos);
  table_.Advance(kNow + LeaseTable::kRememberFillNanos - 1);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kRepeated);
  table_.Advance(kNow + LeaseTable::kRememberFillNanos);
  EXPECT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kLost);
  EXPECT_EQ(table_.questions(), 0u);
}

TEST_F(LeaseTableTest, NoMoreFillsAreRememberedThanLeasesMayBe) {
  std::deque<TableCall> calls;
  for (int question = 1; question <= 10; ++question) {
    TableCall& call = calls.emplace_back(question, absl::StrCat(question));
    ASSERT_EQ(Claim(call, static_cast<uint64_t>(question)).result, Claimed::kGiven);
    table_.EndFill(LeaseCallAccess::Tag(call), static_cast<uint64_t>(question), kNow);
  }
  EXPECT_EQ(table_.questions(), limits_.max_leases);
  table_.Advance(kNow + LeaseTable::kRememberFillNanos);
  EXPECT_EQ(table_.questions(), 0u);
}

TEST_F(LeaseTableTest, TheEndOfSomebodyElsesLeaseLeavesTheLease) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  table_.End(tag_, 8, kNow);
  table_.EndFill(tag_, 0, kNow);
  EXPECT_EQ(table_.HeldHere(tag_, kNow)->token, Token(7));
}

TEST_F(LeaseTableTest, AFillThatFailsEndsTheLease) {
  ASSERT_EQ(Claim(call_, 7).result, Claimed::kGiven);
  ASSERT_EQ(table_.BeginFill(tag_, 7, kNow), Fill::kCurrent);
  table_.End(tag_, 7, kNow);
  EXPECT_EQ(table_.held(), 0u);
  EXPECT_EQ(table_.questions(), 0u);
}

}  // namespace
}  // namespace paracle::cachecore

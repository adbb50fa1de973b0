// Who may record, and what others find, in memory alone.
#include "cachecore/recordings.h"

#include "cachecore/error.h"
#include "gtest/gtest.h"
#include "tests/cachecore/follower.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {
namespace {

using Kind = FollowSession::Step::Kind;

constexpr int kQuestion = 1;

class RecordingsTest : public testing::Test {
 protected:
  RecordingsTest() : stack_(*MakeCache(CacheOptions(), &ledger_, &clock_)) {}

  Recordings& recordings() { return *stack_.recordings; }

  FakeClock clock_;
  StatsLedger ledger_{{}, &clock_};
  CacheStack stack_;
};

TEST_F(RecordingsTest, TheHolderOfTheLeaseMayRecordAndNobodyElse) {
  const FillToken token = LeaseOf(stack_, kQuestion);
  FillToken other = token;
  ++other.lease;
  EXPECT_EQ(ReasonOf(Begin(stack_, kQuestion, other).status()), kReasonLeaseLost);
  EXPECT_EQ(ReasonOf(Begin(stack_, kQuestion + 1, token).status()), kReasonLeaseLost) << "a lease of another question";
  EXPECT_TRUE(Begin(stack_, kQuestion, token).ok());
}

TEST_F(RecordingsTest, AnEndedLeaseIsRefused) {
  const FillToken released = LeaseOf(stack_, kQuestion);
  stack_.leases->Release(IdOf(kQuestion), released, [] {});
  EXPECT_EQ(ReasonOf(Begin(stack_, kQuestion, released).status()), kReasonLeaseLost);

  const FillToken expired = LeaseOf(stack_, kQuestion, absl::Milliseconds(100));
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(ReasonOf(Begin(stack_, kQuestion, expired).status()), kReasonLeaseLost);
}

TEST_F(RecordingsTest, P3_ALeaseOfBeforeAnInvalidationIsRefused) {
  const FillToken token = LeaseOf(stack_, kQuestion);
  ASSERT_TRUE(Invalidate(stack_, {.ns = "default",
                                  .kind = InvalidationTarget::Kind::kDigest,
                                  .digest = DigestOfQuestion(kQuestion),
                                  .value = ""})
                  .ok());
  EXPECT_EQ(ReasonOf(Begin(stack_, kQuestion, token).status()), kReasonStaleFillToken);
}

TEST_F(RecordingsTest, ALeaseThatIsNotRenewedBreaksItsRecordingOff) {
  const FillToken token = LeaseOf(stack_, kQuestion, absl::Milliseconds(200));
  const auto recorder = Begin(stack_, kQuestion, token);
  ASSERT_TRUE((*recorder)->Add("half").ok());
  Follower follower(stack_, kQuestion);
  follower.ReadUntil(4);
  clock_.Advance(absl::Milliseconds(201));
  EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
  EXPECT_EQ(ReasonOf((*recorder)->Add("more")), kReasonLeaseLost);
  EXPECT_EQ(recordings().running(), 0);
}

TEST_F(RecordingsTest, AReleasedLeaseBreaksItsRecordingOff) {
  const FillToken token = LeaseOf(stack_, kQuestion);
  const auto recorder = Begin(stack_, kQuestion, token);
  ASSERT_TRUE((*recorder)->Add("half").ok());
  Follower follower(stack_, kQuestion);
  follower.ReadUntil(4);
  stack_.leases->Release(IdOf(kQuestion), token, [] {});
  EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
  EXPECT_EQ(recordings().running(), 0);
  EXPECT_EQ(ReasonOf(End(**recorder).status()), kReasonLeaseLost);
}

TEST_F(RecordingsTest, TheRecorderOfANewLeaseReplacesTheOldOne) {
  const auto old = Record(stack_, kQuestion);
  ASSERT_TRUE(old->Add("old").ok());
  Follower of_old(stack_, kQuestion);
  of_old.ReadUntil(3);
  const auto everything = InvalidationTarget::Kind::kNamespace;
  ASSERT_TRUE(Invalidate(stack_, {.ns = "default", .kind = everything, .digest = {}, .value = ""}).ok());
  const auto fresh = Record(stack_, kQuestion);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(recordings().running(), 1);
  EXPECT_EQ(of_old.ReadAll().last, Kind::kNobody);
  Follower of_fresh(stack_, kQuestion);
  ASSERT_TRUE(fresh->Add("fresh").ok());
  EXPECT_EQ(ReasonOf(old->Add(" answer")), kReasonLeaseLost);
  old->Abort();
  EXPECT_EQ(recordings().running(), 1);
  ASSERT_TRUE(End(*fresh).ok());
  EXPECT_EQ(of_fresh.ReadAll().text, "fresh");
  EXPECT_EQ(FindEntry(stack_, kQuestion)->entry->payload(), "fresh");
}

// A caller whose connection broke begins again, before the server has seen the first one go.
TEST_F(RecordingsTest, AReplacedRecorderDoesNotGiveBackTheLeaseThatItSharesWithItsSuccessor) {
  const FillToken token = LeaseOf(stack_, kQuestion);
  auto first = Begin(stack_, kQuestion, token);
  auto second = Begin(stack_, kQuestion, token);
  ASSERT_TRUE(second.ok());
  first->reset();
  ASSERT_TRUE((*second)->Add("answer").ok());
  EXPECT_TRUE(End(**second).ok());
  EXPECT_EQ(recordings().running(), 0);
}

TEST_F(RecordingsTest, WhatIsFoundGoesFromNobodyOverNothingYetAndARecordingToAHit) {
  const auto find = [this] {
    std::promise<size_t> found;
    recordings().Find(IdOf(kQuestion), "gpt-4", absl::InfiniteFuture(),
                      [&](Recordings::Found what) { found.set_value(what.index()); });
    return found.get_future().get();
  };
  constexpr size_t kHit = 0, kRecording = 1, kNothingYet = 2, kNobody = 3;
  EXPECT_EQ(find(), kNobody);
  const FillToken token = LeaseOf(stack_, kQuestion);
  EXPECT_EQ(find(), kNothingYet);
  const auto recorder = Begin(stack_, kQuestion, token);
  EXPECT_EQ(find(), kRecording);
  ASSERT_TRUE(End(**recorder).ok());
  EXPECT_EQ(find(), kHit);
}

TEST_F(RecordingsTest, NoMoreFollowThanMay) {
  CacheOptions options;
  options.recordings.max_followers = 2;
  CacheStack small = *MakeCache(options, &ledger_, &clock_);
  {
    Follower first(small, kQuestion);
    Follower second(small, kQuestion);
    EXPECT_FALSE(small.recordings->EnterFollower());
    EXPECT_EQ(small.recordings->followers(), 2);
  }
  EXPECT_EQ(small.recordings->followers(), 0);
  EXPECT_TRUE(small.recordings->EnterFollower());
  small.recordings->LeaveFollower();
}

TEST_F(RecordingsTest, OnClosingWhoWaitsIsToldAndWhoFollowsGoesOn) {
  const auto recorder = Record(stack_, kQuestion);
  Follower live(stack_, kQuestion);
  ASSERT_EQ(live.Next().kind, Kind::kStart);
  live.starts = 1;
  LeaseOf(stack_, kQuestion + 1);
  Follower searching(stack_, kQuestion + 1);
  ASSERT_EQ(searching.Next().kind, Kind::kWait);
  stack_.leases->StopWaiting();
  EXPECT_EQ(searching.ReadAll().last, Kind::kNobody);
  EXPECT_EQ(Follower(stack_, kQuestion).ReadAll().last, Kind::kNobody) << "who comes later";
  ASSERT_TRUE(recorder->Add("answer").ok());
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(live.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(live.text, "answer");
}

}  // namespace
}  // namespace paracle::cachecore

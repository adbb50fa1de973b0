// Answers that one server records and readers at another follow, over a Redis that is lost, slow, or empty again.
#include <string>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/recordings.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/follower.h"
#include "tests/cachecore/recording_servers.h"

namespace paracle::cachecore {
namespace {

using Kind = FollowSession::Step::Kind;
using support::Fault;

constexpr int kQuestion = 1;

using RecordingsOutageTest = TwoRecordingServers;

// As when it is killed: nobody renews, and nothing is given back.
TEST_F(RecordingsOutageTest, ReadersOfAServerThatIsCutOffAreToldWhenItsLeaseIsOver) {
  const FillToken token = LeaseOf(**a_, kQuestion, absl::Seconds(2));
  const auto recorder = Begin(**a_, kQuestion, token);
  ASSERT_TRUE(recorder.ok());
  ASSERT_TRUE((*recorder)->Add("half").ok());
  Follower remote(**b_, kQuestion);
  remote.ReadUntil(4);
  Follower local(**a_, kQuestion);
  local.ReadUntil(4);
  const absl::Time begun = absl::Now();
  proxy_a_->Set({.kind = Fault::Kind::kRefuse});
  EXPECT_EQ(remote.ReadAll().last, Kind::kNobody);
  RecordProperty("told_after_ms", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - begun)));
  EXPECT_TRUE(LeaseIsFree(**b_, kQuestion));
  // The one that is cut off notices as well, by what it knows of the lease.
  EXPECT_EQ(local.ReadAll().last, Kind::kNobody);
  EXPECT_EQ(ReasonOf((*recorder)->Add("more")), kReasonLeaseLost);
}

TEST_F(RecordingsOutageTest, WhileRedisIsAwayReadersHereGoOnAndThoseElsewhereAreTold) {
  const auto recorder = Record(**a_, kQuestion);
  ASSERT_TRUE(recorder->Add("one ").ok());
  Follower local(**a_, kQuestion);
  Follower remote(**b_, kQuestion);
  local.ReadUntil(4);
  remote.ReadUntil(4);
  redis_->Kill();
  EXPECT_EQ(remote.ReadAll().last, Kind::kNobody);
  ASSERT_TRUE(a_->WaitUntilUsable(false));
  EXPECT_EQ(Follower(**b_, kQuestion).ReadAll().last, Kind::kNobody);
  ASSERT_TRUE(recorder->Add("two ").ok());
  local.ReadUntil(8);
  Follower latecomer(**a_, kQuestion);
  latecomer.ReadUntil(8);
  ASSERT_TRUE(recorder->Add("three").ok());
  const auto stored = End(*recorder);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(stored->stored_in_memory);
  EXPECT_FALSE(stored->stored_in_shared);
  for (Follower* follower : {&local, &latecomer}) {
    EXPECT_EQ(follower->ReadAll().last, Kind::kEnd);
    EXPECT_EQ(follower->text, "one two three");
  }
  EXPECT_EQ(FindEntry(**a_, kQuestion)->entry->payload(), "one two three");
}

TEST_F(RecordingsOutageTest, AFrozenRedisKeepsNobodyElsewhereWaiting) {
  const auto recorder = Record(**a_, kQuestion);
  ASSERT_TRUE(recorder->Add("one").ok());
  Follower remote(**b_, kQuestion);
  remote.ReadUntil(3);
  redis_->Stop();
  EXPECT_EQ(remote.ReadAll().last, Kind::kNobody);
  ASSERT_TRUE(recorder->Add("two").ok());
  redis_->Continue();
}

TEST_F(RecordingsOutageTest, ARedisThatLostEverythingEndsTheRecordingAndAnotherBegins) {
  const auto recorder = Record(**a_, kQuestion);
  ASSERT_TRUE(recorder->Add("one").ok());
  Follower local(**a_, kQuestion);
  local.ReadUntil(3);
  const uint64_t before = a_->Epoch();
  redis_->Restart();
  // What is given before both have heard of the restart is refused later.
  ASSERT_TRUE(Eventually([&] { return a_->Epoch() != before && b_->Epoch() == a_->Epoch(); }));
  ASSERT_TRUE(a_->WaitUntilUsable(true));
  ASSERT_TRUE(b_->WaitUntilUsable(true));
  EXPECT_EQ(local.ReadAll().last, Kind::kNobody) << "by the heartbeat";
  EXPECT_EQ(ReasonOf(End(*recorder).status()), kReasonLeaseLost);
  const auto next = Record(**b_, kQuestion);
  ASSERT_TRUE(next);
  ASSERT_TRUE(next->Add("again").ok());
  Follower follower(**a_, kQuestion);
  follower.ReadUntil(5);
  ASSERT_TRUE(End(*next).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(follower.text, "again");
}

TEST_F(RecordingsOutageTest, ALeaseThatRunsOutWhileRedisIsAwayEndsItsRecording) {
  const auto recorder = Begin(**a_, kQuestion, LeaseOf(**a_, kQuestion, absl::Seconds(3)));
  ASSERT_TRUE(recorder.ok()) << recorder.status();
  ASSERT_TRUE((*recorder)->Add("half").ok());
  Follower local(**a_, kQuestion);
  local.ReadUntil(4);
  redis_->Kill();
  EXPECT_EQ(local.ReadAll().last, Kind::kNobody);
  EXPECT_TRUE(Eventually([this] { return a_->recordings().running() == 0; }));
}

TEST_F(RecordingsOutageTest, WhatCouldNotBeSharedIsSharedWithTheNextChunkOnceAndCostsNoRoomForGood) {
  for (int question = 1; question <= 3; ++question) {
    const auto recorder = Record(**a_, question);
    ASSERT_TRUE(recorder->Add("one ").ok());
    Follower remote(**b_, question);
    remote.ReadUntil(4);
    Fault fault;
    fault.kind = Fault::Kind::kError;
    fault.command = "EVALSHA";
    fault.error = "BUSY for a moment";
    proxy_a_->Set(fault);
    const int64_t before = proxy_a_->counters().errors;
    ASSERT_TRUE(recorder->Add("two ").ok());
    ASSERT_TRUE(Eventually([&] { return proxy_a_->counters().errors > before; }));
    proxy_a_->Heal();
    ASSERT_TRUE(recorder->Add("three").ok());
    remote.ReadUntil(13);
    ASSERT_TRUE(a_->WaitUntilUsable(true));
    const auto stored = End(*recorder);
    ASSERT_TRUE(stored.ok() && stored->stored_in_shared) << stored.status();
    ASSERT_EQ(remote.ReadAll().last, Kind::kEnd);
    EXPECT_EQ(remote.text, "one two three");
    EXPECT_THAT(remote.chunks, testing::ElementsAre("one ", "two ", "three"));
    remote.Destroy();
    EXPECT_TRUE(Eventually([&] { return b_->recordings().bytes() == 0; })) << b_->recordings().bytes();
  }
  EXPECT_TRUE(End(*Record(**b_, 9)).ok());
}

TEST_F(RecordingsOutageTest, AWriteWhoseAnswerWasLostIsRepeatedByTheHeartbeatAndReadOnce) {
  const auto recorder = Record(**a_, kQuestion);
  Follower remote(**b_, kQuestion);
  ASSERT_TRUE(recorder->Add("one ").ok());
  remote.ReadUntil(4);
  proxy_a_->Set({.kind = Fault::Kind::kTruncate, .command = "EVALSHA"});
  const int64_t before = proxy_a_->counters().truncated;
  ASSERT_TRUE(recorder->Add("two ").ok());
  ASSERT_TRUE(Eventually([&] { return proxy_a_->counters().truncated > before; }));
  proxy_a_->Heal();
  remote.ReadUntil(8);
  ASSERT_TRUE(recorder->Add("three").ok());
  remote.ReadUntil(13);
  ASSERT_TRUE(End(*recorder).ok());
  ASSERT_EQ(remote.ReadAll().last, Kind::kEnd);
  EXPECT_THAT(remote.chunks, testing::ElementsAre("one ", "two ", "three"));
}

TEST_F(RecordingsOutageTest, ALeaseGivenWhileRedisWasAwayIsWaitedForWhenItIsBack) {
  proxy_a_->Set({.kind = Fault::Kind::kRefuse});
  ASSERT_TRUE(a_->WaitUntilUsable(false));
  const FillToken token = LeaseOf(**a_, kQuestion);
  EXPECT_TRUE(token.alone);
  proxy_a_->Heal();
  ASSERT_TRUE(a_->WaitUntilUsable(true));
  Follower follower(**a_, kQuestion);
  EXPECT_EQ(follower.Await(0.3).kind, Kind::kWait);
  const auto recorder = Begin(**a_, kQuestion, token);
  ASSERT_TRUE(recorder.ok()) << recorder.status();
  ASSERT_TRUE((*recorder)->Add("answer").ok());
  follower.ReadUntil(6);
  ASSERT_TRUE(End(**recorder).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_TRUE(follower.live);
}

}  // namespace
}  // namespace paracle::cachecore

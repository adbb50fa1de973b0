// One reader's steps, in memory alone; the clock is the test's.
#include "cachecore/follow_session.h"

#include <atomic>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/follower.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {
namespace {

using Kind = FollowSession::Step::Kind;
using testing::ElementsAre;

constexpr int kQuestion = 1;

class FollowSessionTest : public testing::Test {
 protected:
  FollowSessionTest() : stack_(*MakeCache(CacheOptions(), &ledger_, &clock_)) {}

  absl::Status Set(const Answer& answer) {
    std::promise<absl::Status> set;
    const absl::string_view payload[] = {answer.payload};
    stack_.cache->Set(answer.Spec(payload), absl::InfiniteFuture(),
                      [&](auto outcome) { set.set_value(outcome.status()); });
    return set.get_future().get();
  }

  // Whatever was due by now has gone off.
  void LetAlarmsGoOff() {
    struct Probe final : Waker {
      void Wake() override { gone_off.set_value(); }
      std::promise<void> gone_off;
    };
    const auto probe = std::make_shared<Probe>();
    stack_.recordings->WakeAt(clock_.MonotonicNanos(), probe);
    probe->gone_off.get_future().wait();
  }

  FakeClock clock_;
  StatsLedger ledger_{{}, &clock_};
  CacheStack stack_;
};

TEST_F(FollowSessionTest, AStoredAnswerComesInPieces) {
  const std::string payload(3 * FollowSession::kStepBytes + 1, 'x');
  ASSERT_TRUE(Set({.question = kQuestion,
                   .payload = payload,
                   .content_type = "text/plain",
                   .origin = {.prompt_tokens = 7, .latency = {}},
                   .ttl = absl::Minutes(10)})
                  .ok());
  Follower follower(stack_, kQuestion);
  ASSERT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(follower.content_type, "text/plain");
  EXPECT_FALSE(follower.live);
  EXPECT_FALSE(follower.coalesced);
  EXPECT_EQ(follower.chunks.size(), 4u);
  EXPECT_TRUE(follower.text == payload);
  EXPECT_EQ(follower.end.origin.prompt_tokens, 7u);
  EXPECT_EQ(follower.end.create_time, clock_.WallTime());
  EXPECT_EQ(follower.end.expire_time, clock_.WallTime() + absl::Minutes(10));
  EXPECT_EQ(follower.times_ready(), 0);
}

TEST_F(FollowSessionTest, AReaderAtTheStartInTheMiddleOrAtTheEndSeesEveryChunkAsItWasRecorded) {
  const auto recorder = Record(stack_, kQuestion);
  Follower from_the_start(stack_, kQuestion);
  ASSERT_TRUE(recorder->Add("one").ok());
  from_the_start.ReadUntil(3);
  Follower from_the_middle(stack_, kQuestion);
  ASSERT_TRUE(recorder->Add("two").ok());
  from_the_middle.ReadUntil(6);
  Follower from_the_end(stack_, kQuestion);
  ASSERT_EQ(from_the_end.Next().kind, Kind::kStart);
  from_the_end.starts = 1;
  ASSERT_TRUE(End(*recorder, {.ttl = absl::Hours(1), .origin = {.completion_tokens = 2, .latency = {}}}).ok());
  for (Follower* follower : {&from_the_start, &from_the_middle, &from_the_end}) {
    ASSERT_EQ(follower->ReadAll().last, Kind::kEnd);
    EXPECT_EQ(follower->starts, 1);
    EXPECT_THAT(follower->chunks, ElementsAre("one", "two"));
    EXPECT_EQ(follower->end.origin.completion_tokens, 2u);
    EXPECT_EQ(follower->end.create_time, clock_.WallTime());
  }
  EXPECT_TRUE(from_the_start.live);
  EXPECT_EQ(from_the_start.content_type, "text/event-stream");
}

TEST_F(FollowSessionTest, ManyShortChunksComeInManySteps) {
  const auto recorder = Record(stack_, kQuestion);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(recorder->Add("x").ok());
  Follower follower(stack_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kStart);
  EXPECT_EQ(follower.Next().chunks.size(), FollowSession::kStepBytes / (1 + kChunkOverhead));
}

TEST_F(FollowSessionTest, WithoutAnybodyTheReaderIsToldAtOnce) {
  Follower follower(stack_, kQuestion);
  EXPECT_EQ(follower.Next().kind, Kind::kNobody);
}

TEST_F(FollowSessionTest, WhoeverMakesTheAnswerIsWaitedForUntilItRecords) {
  const FillToken token = LeaseOf(stack_, kQuestion);
  Follower follower(stack_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kWait);
  const auto recorder = Begin(stack_, kQuestion, token);
  EXPECT_TRUE(follower.IsReady(1));
  ASSERT_TRUE((*recorder)->Add("answer").ok());
  follower.ReadUntil(6);
  ASSERT_TRUE(End(**recorder).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_TRUE(follower.live);
  EXPECT_TRUE(follower.coalesced);
  EXPECT_EQ(follower.text, "answer");
}

TEST_F(FollowSessionTest, WhoeverMakesTheAnswerIsWaitedForUntilItSetsOrGivesUp) {
  const FillToken token = LeaseOf(stack_, kQuestion);
  Follower follower(stack_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kWait);
  ASSERT_TRUE(Set({.question = kQuestion, .payload = "set", .fill_token = token}).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_FALSE(follower.live);
  EXPECT_TRUE(follower.coalesced);
  EXPECT_EQ(follower.text, "set");

  const FillToken given_up = LeaseOf(stack_, kQuestion + 1);
  Follower other(stack_, kQuestion + 1);
  ASSERT_EQ(other.Next().kind, Kind::kWait);
  stack_.leases->Release(IdOf(kQuestion + 1), given_up, [] {});
  EXPECT_EQ(other.ReadAll().last, Kind::kNobody);
}

TEST_F(FollowSessionTest, AnExpiredLeaseTellsWhoWaits) {
  LeaseOf(stack_, kQuestion, absl::Milliseconds(100));
  Follower follower(stack_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kWait);
  clock_.Advance(absl::Milliseconds(101));
  EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
}

TEST_F(FollowSessionTest, AReaderHearsSomethingAsOftenAsItAskedWhetherItSearchesOrFollows) {
  const FillToken token = LeaseOf(stack_, kQuestion);
  Follower follower(stack_, kQuestion, absl::Milliseconds(200));
  for (const bool live : {false, true}) {
    SCOPED_TRACE(live ? "live" : "searching");
    std::shared_ptr<Recorder> recorder;
    if (live) {
      recorder = *Begin(stack_, kQuestion, token);
      ASSERT_EQ(follower.Await().kind, Kind::kStart);
    }
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(follower.Next().kind, Kind::kWait);
      clock_.Advance(absl::Milliseconds(199));
      LetAlarmsGoOff();
      ASSERT_EQ(follower.Next().kind, Kind::kWait) << "too early";
      clock_.Advance(absl::Milliseconds(1));
      ASSERT_EQ(follower.Await().kind, Kind::kKeepAlive);
    }
    if (live) break;
  }
}

TEST_F(FollowSessionTest, AChunkCountsAsSomethingHeard) {
  const auto recorder = Record(stack_, kQuestion);
  Follower follower(stack_, kQuestion, absl::Milliseconds(200));
  ASSERT_EQ(follower.Next().kind, Kind::kStart);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(follower.Next().kind, Kind::kWait);
    clock_.Advance(absl::Milliseconds(150));
    ASSERT_TRUE(recorder->Add("x").ok());
    ASSERT_EQ(follower.Await().kind, Kind::kChunks);
  }
  ASSERT_EQ(follower.Next().kind, Kind::kWait);
  clock_.Advance(absl::Milliseconds(200));
  EXPECT_EQ(follower.Await().kind, Kind::kKeepAlive);
}

TEST_F(FollowSessionTest, ReadyIsCalledOnceForEachWait) {
  const auto recorder = Record(stack_, kQuestion);
  Follower follower(stack_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kStart);
  ASSERT_TRUE(recorder->Add("a").ok());
  EXPECT_EQ(follower.times_ready(), 0) << "nobody waits";
  ASSERT_EQ(follower.Next().kind, Kind::kChunks);
  ASSERT_EQ(follower.Next().kind, Kind::kWait);
  for (const char* chunk : {"b", "c", "d"}) ASSERT_TRUE(recorder->Add(chunk).ok());
  EXPECT_EQ(follower.times_ready(), 1);
  EXPECT_EQ(follower.Next().chunks.size(), 3u);
  ASSERT_EQ(follower.Next().kind, Kind::kWait);
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(follower.times_ready(), 2);
  EXPECT_EQ(follower.Next().kind, Kind::kEnd);
}

TEST_F(FollowSessionTest, WhatIsDestroyedIsNeverReadyAgain) {
  const auto recorder = Record(stack_, kQuestion);
  const FillToken other = LeaseOf(stack_, kQuestion + 1);
  Follower live(stack_, kQuestion, absl::Milliseconds(200));
  Follower searching(stack_, kQuestion + 1, absl::Milliseconds(200));
  ASSERT_EQ(live.Next().kind, Kind::kStart);
  ASSERT_EQ(live.Next().kind, Kind::kWait);
  ASSERT_EQ(searching.Next().kind, Kind::kWait);
  EXPECT_EQ(stack_.recordings->followers(), 2);
  live.Destroy();
  searching.Destroy();
  EXPECT_EQ(stack_.recordings->followers(), 0);
  ASSERT_TRUE(recorder->Add("x").ok());
  ASSERT_TRUE(End(*recorder).ok());
  stack_.leases->Release(IdOf(kQuestion + 1), other, [] {});
  clock_.Advance(absl::Seconds(2));
  LetAlarmsGoOff();
  EXPECT_EQ(live.times_ready(), 0);
  EXPECT_EQ(searching.times_ready(), 0);
}

TEST_F(FollowSessionTest, AReaderThatDoesNotReadHoldsNobodyUpAndCopiesNothing) {
  const auto recorder = Record(stack_, kQuestion);
  Follower slow(stack_, kQuestion);
  ASSERT_EQ(slow.Next().kind, Kind::kStart);
  slow.starts = 1;
  Follower fast(stack_, kQuestion);
  const std::string chunk(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(recorder->Add(chunk).ok());
    fast.ReadUntil((i + 1) * chunk.size());
    ASSERT_EQ(fast.text.size(), (i + 1) * chunk.size());
  }
  EXPECT_EQ(stack_.recordings->bytes(), 1000 * (1000 + kChunkOverhead)) << "once for all readers";
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(fast.ReadAll().last, Kind::kEnd);
  // The very chunks of the recording.
  EXPECT_GT(slow.Next().chunks.at(0).use_count(), 1);
}

// Readers of many questions and paces against writers that finish or break off: whoever is told of an end has all.
TEST_F(FollowSessionTest, ReadersThatComeAndGoSeeWholeAnswersOrAreTold) {
  constexpr int kRounds = 150;
  std::atomic<int> round = 0;
  std::atomic<int> complete = 0;
  std::atomic<int> told = 0;
  std::vector<std::thread> readers;
  const auto text_of = [](int question) {
    std::string text;
    for (int i = 0; i < 50; ++i) absl::StrAppend(&text, question, ":", i, ";");
    return text;
  };
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937 random(reader);
      while (round < kRounds) {
        const int question = round;
        Follower follower(stack_, question, absl::Milliseconds(50 + random() % 100));
        if (random() % 4 == 0) {
          follower.ReadUntil(random() % 300);
          continue;
        }
        follower.ReadAll();
        if (follower.last == Kind::kEnd) {
          EXPECT_TRUE(follower.text == text_of(question)) << follower.text;
          ++complete;
        } else {
          EXPECT_EQ(follower.last, Kind::kNobody);
          EXPECT_EQ(text_of(question).rfind(follower.text, 0), 0u) << follower.text;
          ++told;
        }
      }
    });
  }
  for (; round < kRounds; ++round) {
    const auto recorder = Record(stack_, round);
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(recorder->Add(absl::StrCat(round.load(), ":", i, ";")).ok());
      std::this_thread::yield();
    }
    if (round % 3 != 2) {
      ASSERT_TRUE(End(*recorder).ok());
    }
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(complete, 0);
  EXPECT_EQ(stack_.recordings->followers(), 0);
  EXPECT_EQ(stack_.recordings->bytes(), 0u);
  RecordProperty("told", told);
}

}  // namespace
}  // namespace paracle::cachecore

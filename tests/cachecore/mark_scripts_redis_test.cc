// The two scripts on a real server: numbers, epochs, what is cut and what is forgotten.
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cachecore/mark_scripts.h"
#include "gtest/gtest.h"
#include "tests/cachecore/redis_stack.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore {
namespace {

using Position = MarkTable::Position;

MarkName Name(int i) { return MarkName::Of(InvalidationTarget::Kind::kTag, "ns", absl::StrCat(i), NameHash()); }

class MarkScriptsTest : public testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    Connect();
  }

  void Connect() {
    redis::ClientOptions options;
    options.deployment = *redis::Deployment::Parse(server_->Url());
    client_ = redis::Client::Create(options, {});
    ASSERT_TRUE(Eventually([this] { return Run({"PING"}).ok(); }));
  }

  absl::StatusOr<redis::Reply> Run(std::initializer_list<absl::string_view> arguments) {
    std::promise<absl::StatusOr<redis::Reply>> answered;
    client_->Send(redis::Lane::kControl, redis::Command(arguments), absl::Seconds(5),
                  [&](absl::StatusOr<redis::Reply> reply) { answered.set_value(std::move(reply)); });
    return answered.get_future().get();
  }

  absl::StatusOr<MarkAnswer> Read(Position known) { return Read(known, keys_); }
  absl::StatusOr<MarkAnswer> Read(Position known, const RedisKeys& keys) {
    std::promise<absl::StatusOr<MarkAnswer>> answered;
    ReadMarks(*client_, keys, limits_, known, absl::Seconds(5),
              [&](absl::StatusOr<MarkAnswer> answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }

  absl::StatusOr<MarkAnswer> Add(int mark, Position known) {
    std::promise<absl::StatusOr<MarkAnswer>> answered;
    AddMark(*client_, keys_, limits_, Name(mark), known, absl::Seconds(5),
            [&](absl::StatusOr<MarkAnswer> answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }

  // A position that knows everything now.
  Position Join(uint64_t number = 0) {
    const MarkPage page = Read({.epoch = 1, .number = number})->page;
    return {page.epoch, page.to};
  }

  const RedisKeys keys_{"marks-test:"};
  MarkLimits limits_;
  std::unique_ptr<support::RedisProcess> server_;
  std::unique_ptr<redis::Client> client_;
};

TEST_F(MarkScriptsTest, TheFirstReaderBeginsAnEpochAndTheNextJoinsIt) {
  const Position first = Join();
  const Position second = Join();
  EXPECT_NE(first.epoch, 0u);
  EXPECT_EQ(first.epoch, second.epoch);
}

TEST_F(MarkScriptsTest, ReplicasThatNameThingsInOtherWaysBeginHistoriesOfTheirOwn) {
  const RedisKeys sealed("marks-test:", NameHash(SomeKeys())), same("marks-test:", NameHash(SomeKeys()));
  const RedisKeys other("marks-test:", NameHash(KeysOf(KeyLine("key-1", 'a'), 'm')));
  const uint64_t plain_epoch = Join().epoch;
  EXPECT_EQ(Join().epoch, plain_epoch);
  const MarkPage first = Read({.epoch = 1, .number = 0}, sealed)->page;
  EXPECT_NE(first.epoch, plain_epoch);
  EXPECT_EQ(Read({.epoch = 1, .number = 0}, same)->page.epoch, first.epoch);
  const MarkPage second = Read({.epoch = 1, .number = 0}, other)->page;
  EXPECT_NE(second.epoch, first.epoch);
  const MarkPage again = Read({.epoch = first.epoch, .number = first.to}, sealed)->page;
  EXPECT_NE(again.epoch, first.epoch) << "what the others invalidated meanwhile is not known by its names";
  EXPECT_GT(again.to, first.to);
}

TEST_F(MarkScriptsTest, EachMarkTakesTheNextNumberAndIsInItsOwnAnswer) {
  const Position start = Join();
  for (int i = 1; i <= 3; ++i) {
    const auto answer = Add(i, {start.epoch, start.number + i - 1});
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->complete);
    ASSERT_EQ(answer->page.marks.size(), 1u);
    EXPECT_EQ(answer->page.marks[0].name, Name(i));
    EXPECT_EQ(answer->page.marks[0].number, start.number + i);
  }
  EXPECT_EQ(Read(start)->page.marks.size(), 3u);
  EXPECT_EQ(Read({start.epoch, start.number + 3})->page.marks.size(), 0u);
}

TEST_F(MarkScriptsTest, AnAnswerToTheSameEpochIsCutAndToAnotherIsNot) {
  const Position start = Join();
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(Add(i, start).ok());
  limits_.max_page = 2;
  const auto cut = Read(start);
  EXPECT_FALSE(cut->complete);
  EXPECT_EQ(cut->page.to, start.number + 2);
  const auto rest = Read({start.epoch, start.number + 3});
  EXPECT_TRUE(rest->complete);
  EXPECT_EQ(rest->page.marks.size(), 2u);
  const auto whole = Read({.epoch = start.epoch + 1, .number = 0});
  EXPECT_TRUE(whole->complete);
  EXPECT_EQ(whole->page.marks.size(), 5u);
}

TEST_F(MarkScriptsTest, NumbersGoOnAboveWhatACallerOfAnotherEpochKnows) {
  Join();
  const auto answer = Read({.epoch = 1, .number = 1'000'000});
  EXPECT_EQ(answer->page.to, 1'000'001u);
  EXPECT_TRUE(answer->complete);
}

TEST_F(MarkScriptsTest, ARestartBeginsANewEpochAboveEveryNumberKnown) {
  const Position start = Join(50);
  ASSERT_TRUE(Add(1, start).ok());
  server_->Kill();
  server_->Restart();
  ASSERT_TRUE(Eventually([this] { return Run({"PING"}).ok(); }));
  const auto answer = Read({start.epoch, start.number + 1});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_NE(answer->page.epoch, start.epoch);
  EXPECT_GT(answer->page.to, start.number + 1);
  EXPECT_EQ(answer->page.floor, answer->page.to);
}

TEST_F(MarkScriptsTest, MarksThatAreGoneAloneBeginANewEpoch) {
  const Position start = Join();
  ASSERT_TRUE(Add(1, start).ok());
  ASSERT_TRUE(Run({"DEL", keys_.mark_names()}).ok());
  EXPECT_NE(Read(start)->page.epoch, start.epoch);
}

TEST_F(MarkScriptsTest, ACallerAheadOfItsOwnEpochBeginsANewOne) {
  const Position start = Join();
  const auto answer = Read({start.epoch, start.number + 7});
  EXPECT_NE(answer->page.epoch, start.epoch);
  EXPECT_GT(answer->page.to, start.number + 7);
}

TEST_F(MarkScriptsTest, TooManyMarksLoseTheOldestQuarterAndTheFloorRises) {
  const Position start = Join();
  limits_.max_marks = 8;
  for (int i = 1; i <= 8; ++i) ASSERT_TRUE(Add(i, start).ok());
  EXPECT_EQ(Read(start)->page.floor, start.number);
  const auto answer = Add(9, start);
  EXPECT_EQ(answer->page.floor, start.number + 3);
  EXPECT_EQ(answer->page.marks.size(), 6u);
  EXPECT_EQ(Read(start)->page.epoch, start.epoch) << "what was forgotten on purpose is not missed";
}

TEST_F(MarkScriptsTest, MarksOlderThanAnyEntryGo) {
  const Position start = Join();
  ASSERT_TRUE(Add(1, start).ok());
  // As if that had been two hours ago: the hour of its checkpoint is moved.
  const auto hours = Run({"ZRANGE", keys_.mark_times(), "0", "-1", "WITHSCORES"});
  ASSERT_TRUE(hours.ok());
  ASSERT_EQ(hours->elements.size(), 2u);
  const std::string earlier = absl::StrCat(std::stoll(hours->elements[0].text) - 2 * 3600);
  ASSERT_TRUE(Run({"ZREM", keys_.mark_times(), hours->elements[0].text}).ok());
  ASSERT_TRUE(Run({"ZADD", keys_.mark_times(), hours->elements[1].text, earlier}).ok());
  limits_.max_age = absl::Minutes(30);
  const auto answer = Add(2, start);
  EXPECT_EQ(answer->page.floor, start.number + 1);
  ASSERT_EQ(answer->page.marks.size(), 1u);
  EXPECT_EQ(answer->page.marks[0].name, Name(2));
}

TEST_F(MarkScriptsTest, WhatTheChannelSaysIsThePageOfThatMark) {
  const MarkName name = Name(1);
  const std::string message = absl::StrCat("00000000000000ff 12 ", absl::string_view(name.AsBytes()));
  const std::optional<MarkPage> page = ParseMarkMessage(message);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->epoch, 255u);
  EXPECT_EQ(page->from, 11u);
  EXPECT_EQ(page->to, 12u);
  EXPECT_EQ(page->marks[0].name, name);
  for (const std::string& bad : {std::string(), message.substr(1), message + "x", std::string("zz 1 0123456789abcdef"),
                                 absl::StrCat("00000000000000ff -1 ", absl::string_view(name.AsBytes()))}) {
    EXPECT_FALSE(ParseMarkMessage(bad)) << bad;
  }
}

}  // namespace
}  // namespace paracle::cachecore

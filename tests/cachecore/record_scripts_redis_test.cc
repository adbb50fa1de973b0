// The recording scripts on a real server: what is kept while it comes, who may add to it, and what strangers leave.
#include "cachecore/record_scripts.h"

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/redis_stack.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore {
namespace {

using LeaseState = RecordingTail::Lease;
using support::RedisReply;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kLease = 0xabc;
constexpr char kLeaseInHex[] = "0000000000000abc";

// In the clear, and sealed.
class RecordScriptsTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    redis::ClientOptions options;
    options.deployment = *redis::Deployment::Parse(server_->Url());
    options.operation_timeout = absl::Seconds(5);
    client_ = redis::Client::Create(options, {});
    ASSERT_TRUE(Eventually([this] { return client_->available(); }));
  }

  void Hold(absl::string_view lease = kLeaseInHex) {
    server_->Command({"SET", lease_key_, absl::StrCat("h ", lease, " fedcba9876543210 42 1700000000000")});
  }

  // Behind what was appended so far.
  absl::StatusOr<bool> Append(const std::vector<std::string>& texts, bool first = false, uint64_t lease = kLease,
                              const std::string& content_type = "text/plain; charset=utf-8") {
    if (first) appended_ = 0;
    auto appended = AppendAt(appended_, texts, first, lease, content_type);
    if (appended.ok() && *appended) appended_ += texts.size();
    return appended;
  }

  absl::StatusOr<bool> AppendAt(size_t from, const std::vector<std::string>& texts, bool first = false,
                                uint64_t lease = kLease, const std::string& content_type = "text/plain") {
    std::vector<Chunk> chunks;
    for (const std::string& text : texts) chunks.push_back(std::make_shared<const std::string>(text));
    std::promise<absl::StatusOr<bool>> done;
    AppendRecording(*client_, keys_, codec_, id_, lease,
                    {.begins = first, .content_type = content_type, .from = from, .chunks = chunks},
                    [&](auto appended) { done.set_value(std::move(appended)); });
    return done.get_future().get();
  }

  absl::StatusOr<RecordingTail> Tail(size_t from = 0) {
    std::promise<absl::StatusOr<RecordingTail>> done;
    ReadRecording(*client_, keys_, codec_, id_, from, [&](auto tail) { done.set_value(std::move(tail)); });
    return done.get_future().get();
  }

  std::string List() { return server_->Command({"LRANGE", list_key_, "0", "-1"}).ToString(); }

  size_t appended_ = 0;
  const std::shared_ptr<const encryption::KeyRing> ring_ = GetParam() ? SomeKeys() : nullptr;
  const EntryCodec codec_{ring_};
  const RedisKeys keys_{"recorded:", NameHash(ring_)};
  const EntryId id_{.ns = "default", .digest = DigestOfQuestion(1)};
  const std::string lease_key_ = keys_.Lease(id_);
  const std::string list_key_ = keys_.Recording(id_);
  std::unique_ptr<support::RedisProcess> server_;
  std::unique_ptr<redis::Client> client_;
};

TEST_P(RecordScriptsTest, NothingIsAFreeLeaseWithoutARecording) {
  const auto tail = Tail();
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ(tail->state, LeaseState::kFree);
  EXPECT_FALSE(tail->recorded);
}

TEST_P(RecordScriptsTest, ChunksOfAnyBytesAreReadInOrderFromAnyOneOn) {
  Hold();
  ASSERT_TRUE(*Append({}, /*first=*/true));
  const std::string binary("\0\r\n$\xff", 5);
  ASSERT_TRUE(*Append({"one", binary}));
  ASSERT_TRUE(*Append({"three"}));
  const auto tail = Tail();
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ(tail->state, LeaseState::kHeld);
  EXPECT_EQ(tail->lease, kLease);
  EXPECT_EQ(tail->begun.epoch, 0xfedcba9876543210);
  EXPECT_EQ(tail->begun.number, 42u);
  EXPECT_TRUE(tail->recorded);
  EXPECT_EQ(tail->content_type, "text/plain; charset=utf-8");
  EXPECT_THAT(tail->chunks, ElementsAre("one", binary, "three"));
  EXPECT_THAT(Tail(2)->chunks, ElementsAre("three"));
  EXPECT_THAT(Tail(3)->chunks, IsEmpty());
  EXPECT_THAT(Tail(1000)->chunks, IsEmpty());
}

TEST_P(RecordScriptsTest, AnEmptyContentTypeIsOne) {
  Hold();
  ASSERT_TRUE(*Append({}, /*first=*/true, kLease, ""));
  EXPECT_TRUE(Tail()->recorded);
  EXPECT_EQ(Tail()->content_type, "");
}

TEST_P(RecordScriptsTest, OneReadGivesABoundedNumber) {
  Hold();
  ASSERT_TRUE(*Append({}, /*first=*/true));
  ASSERT_TRUE(*Append(std::vector<std::string>(300, "x")));
  EXPECT_EQ(Tail()->chunks.size(), 256u);
  EXPECT_EQ(Tail(256)->chunks.size(), 44u);
}

TEST_P(RecordScriptsTest, WhoDoesNotHoldTheLeaseChangesNothing) {
  EXPECT_FALSE(*Append({"x"}, /*first=*/true)) << "free";
  Hold();
  EXPECT_FALSE(*Append({"x"}, /*first=*/true, kLease + 1));
  ASSERT_TRUE(*Append({"one"}, /*first=*/true));
  const std::string before = List();
  EXPECT_FALSE(*Append({"x"}, /*first=*/false, kLease + 1));
  EXPECT_FALSE(*Append({"x"}, /*first=*/true, kLease + 1));
  server_->Command({"SET", lease_key_, absl::StrCat("f ", kLeaseInHex)});
  EXPECT_FALSE(*Append({"x"})) << "filled";
  EXPECT_EQ(List(), before);
}

TEST_P(RecordScriptsTest, ABeginningDropsWhatAnotherLeft) {
  Hold();
  ASSERT_TRUE(*Append({"old"}, /*first=*/true));
  ASSERT_TRUE(*Append({}, /*first=*/true));
  EXPECT_THAT(Tail()->chunks, IsEmpty());
}

TEST_P(RecordScriptsTest, WhatIsThereAlreadyIsNotAddedAgain) {
  Hold();
  ASSERT_TRUE(*AppendAt(0, {"a", "b"}, /*first=*/true));
  ASSERT_TRUE(*AppendAt(0, {"a", "b"}));
  ASSERT_TRUE(*AppendAt(1, {"b", "c"}));
  ASSERT_TRUE(*AppendAt(0, {"a"}));
  EXPECT_THAT(Tail()->chunks, ElementsAre("a", "b", "c"));
}

TEST_P(RecordScriptsTest, ChunksBehindAGapAreRefused) {
  Hold();
  EXPECT_TRUE(absl::IsOutOfRange(AppendAt(0, {"a"}).status())) << "nothing has begun";
  ASSERT_TRUE(*AppendAt(0, {"a"}, /*first=*/true));
  EXPECT_TRUE(absl::IsOutOfRange(AppendAt(2, {"c"}).status()));
  EXPECT_THAT(Tail()->chunks, ElementsAre("a"));
}

TEST_P(RecordScriptsTest, TheListOfAnotherLeaseIsNotRead) {
  Hold();
  ASSERT_TRUE(*Append({"one"}, /*first=*/true));
  Hold("0000000000000def");
  const auto tail = Tail();
  ASSERT_TRUE(tail.ok());
  EXPECT_EQ(tail->lease, 0xdefu);
  EXPECT_FALSE(tail->recorded);
  EXPECT_THAT(tail->chunks, IsEmpty());
}

TEST_P(RecordScriptsTest, AListThatNobodyAddsToGoes) {
  Hold();
  ASSERT_TRUE(*Append({}, /*first=*/true));
  server_->Command({"PEXPIRE", list_key_, "1000"});
  ASSERT_TRUE(*Append({})) << "nothing, and that it is there";
  const int64_t left = server_->Command({"PTTL", list_key_}).integer;
  EXPECT_GT(left, 50'000);
  EXPECT_LE(left, 60'000);
}

TEST_P(RecordScriptsTest, AHeartbeatMakesNoListAndTellsNobody) {
  Hold();
  support::BlockingRedis subscriber = server_->Connect();
  subscriber.Command({"SUBSCRIBE", keys_.lease_channel()});
  ASSERT_TRUE(*Append({}));
  EXPECT_EQ(server_->CountKeys(list_key_ + "*"), 0);
  ASSERT_TRUE(*Append({}, /*first=*/true));
  const RedisReply message = subscriber.Read();
  ASSERT_EQ(message.elements.size(), 3u) << message.ToString();
  const auto told = ParseLeaseMessage(message.elements[2].text);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->what, LeaseMessage::What::kRecorded);
  EXPECT_EQ(told->lease, kLease);
  EXPECT_EQ(told->tag, keys_.TagOf(id_));
}

TEST_P(RecordScriptsTest, TheEndOfALeaseTakesItsListAway) {
  for (const bool fill : {true, false}) {
    Hold();
    ASSERT_TRUE(*Append({"one"}, /*first=*/true));
    std::promise<void> done;
    if (fill) {
      FillLease(*client_, keys_, id_, kLease, "an entry", absl::Hours(1), absl::Seconds(5),
                [&](auto) { done.set_value(); });
    } else {
      ReleaseLease(*client_, keys_, id_, kLease, [&](auto) { done.set_value(); });
    }
    done.get_future().wait();
    EXPECT_EQ(server_->Command({"EXISTS", list_key_}).integer, 0);
    EXPECT_EQ(Tail()->state, fill ? LeaseState::kFilled : LeaseState::kFree);
  }
}

TEST_P(RecordScriptsTest, WhatIsNoLeaseIsAnError) {
  for (const char* garbage : {"x", "h", "h ", "h zz 1 2 3", "h 1 2 3", "h 1 2 x 3", "h 1 2 3 4 5", "f", "f zz",
                              "x 1 2 3 4", "h 12345678901234567 1 2 3"}) {
    server_->Command({"SET", lease_key_, garbage});
    const auto tail = Tail();
    EXPECT_TRUE(absl::IsDataLoss(tail.status())) << garbage << ": " << tail.status();
    const auto appended = Append({"x"}, true);
    EXPECT_TRUE(appended.ok() && !*appended) << garbage;
  }
}

TEST_P(RecordScriptsTest, WhatIsNoListIsAnErrorOrNobodysRecording) {
  Hold();
  server_->Command({"SET", list_key_, "a string"});
  EXPECT_FALSE(Tail().ok());
  EXPECT_FALSE(Append({"x"}).ok());
  EXPECT_TRUE(*Append({"x"}, /*first=*/true)) << "who begins drops it";

  for (const char* head : {"", "zz text/plain", "0000000000000abd text/plain", "0 x"}) {
    server_->Command({"DEL", list_key_});
    server_->Command({"RPUSH", list_key_, head, "chunk"});
    const auto tail = Tail();
    ASSERT_TRUE(tail.ok()) << head;
    EXPECT_FALSE(tail->recorded) << head;
    EXPECT_THAT(tail->chunks, IsEmpty()) << head;
  }
  server_->Command({"DEL", list_key_, lease_key_});
  server_->Command({"HSET", lease_key_, "a", "hash"});
  EXPECT_FALSE(Tail().ok());
}

TEST_P(RecordScriptsTest, NothingOfASealedOneCanBeRead) {
  Hold();
  ASSERT_TRUE(*Append({"a canary", "another canary"}, /*first=*/true, kLease, "text/canary"));
  EXPECT_EQ(absl::StrContains(List(), "canary"), !GetParam());
  EXPECT_EQ(Tail()->content_type, "text/canary");
}

TEST_P(RecordScriptsTest, SealedChunksCannotChangePlacesNorComeFromElsewhere) {
  if (!GetParam()) GTEST_SKIP() << "in the clear, they can";
  Hold();
  ASSERT_TRUE(*Append({"one", "two"}, /*first=*/true));
  const auto list = server_->Command({"LRANGE", list_key_, "0", "-1"}).elements;
  ASSERT_EQ(list.size(), 3u);
  const auto put = [&](const std::string& index, const std::string& bytes) {
    server_->Command({"LSET", list_key_, index, bytes});
  };
  put("1", list[2].text);
  EXPECT_TRUE(absl::IsDataLoss(Tail().status())) << "another place";
  put("1", "planted");
  EXPECT_TRUE(absl::IsDataLoss(Tail().status())) << "in the clear";
  put("1", list[1].text);
  EXPECT_THAT(Tail()->chunks, ElementsAre("one", "two"));
  put("0", absl::StrCat(kLeaseInHex, " text/plain"));
  EXPECT_FALSE(Tail()->recorded) << "a content type in the clear";
  put("0", list[0].text);
  // The same list under another lease, whose name stands in the clear.
  Hold("0000000000000def");
  put("0", absl::StrCat("0000000000000def", list[0].text.substr(16)));
  EXPECT_FALSE(Tail()->recorded);
}

INSTANTIATE_TEST_SUITE_P(Keys, RecordScriptsTest, testing::Bool(), [](const auto& param) {
  return std::string(param.param ? "Sealed" : "Plain");
});

}  // namespace
}  // namespace paracle::cachecore

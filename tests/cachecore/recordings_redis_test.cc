// Answers that one server records and readers at another follow, over a real Redis.
#include "cachecore/recordings.h"

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cachecore/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/documented_rules.h"
#include "tests/cachecore/follower.h"
#include "tests/cachecore/recording_servers.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore {
namespace {

using Kind = FollowSession::Step::Kind;
using support::Fault;

constexpr int kQuestion = 1;

using RecordingsRedisTest = TwoRecordingServers;

TEST_F(RecordingsRedisTest, AReaderAtTheOtherServerSeesEveryChunkInOrderAndTheEnd) {
  const auto recorder = Record(**a_, kQuestion);
  Follower early(**b_, kQuestion);
  std::vector<std::string> chunks;
  for (int i = 0; i < 600; ++i) {
    chunks.push_back(absl::StrCat("chunk ", i, ";"));
    ASSERT_TRUE(recorder->Add(chunks.back()).ok());
    if (i == 0) early.ReadUntil(1);
  }
  Follower late(**b_, kQuestion);
  late.ReadUntil(1);
  ASSERT_TRUE(End(*recorder, {.ttl = absl::Hours(1), .origin = {.prompt_tokens = 7, .latency = {}}}).ok());
  for (Follower* follower : {&early, &late}) {
    ASSERT_EQ(follower->ReadAll().last, Kind::kEnd);
    EXPECT_TRUE(follower->live);
    EXPECT_EQ(follower->content_type, "text/event-stream");
    EXPECT_EQ(follower->text, FindEntry(**a_, kQuestion)->entry->payload());
    EXPECT_EQ(follower->end.origin.prompt_tokens, 7u);
    EXPECT_TRUE(follower->end.create_time);
  }
  // The last ones may have come with the end, as one.
  ASSERT_LE(early.chunks.size(), chunks.size());
  for (size_t i = 0; i + 1 < early.chunks.size(); ++i) EXPECT_EQ(early.chunks[i], chunks[i]);
  EXPECT_EQ(redis_->CountKeys("*:r"), 0);
}

TEST_F(RecordingsRedisTest, UnderKeysItIsFollowedByWhoHasThemAndByNobodyElse) {
  RecordingServer writer(redis_->Url(), {}, SomeKeys()), reader(redis_->Url(), {}, SomeKeys());
  const auto recorder = Record(*writer, kQuestion);
  Follower follower(*reader, kQuestion);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    const std::string chunk = absl::StrCat("canary ", i, ";");
    ASSERT_TRUE(recorder->Add(chunk).ok());
    text += chunk;
    if (i == 0) follower.ReadUntil(1);
  }
  EXPECT_TRUE(Eventually([&] { return redis_->CountKeys("*:r") == 1; }));
  EXPECT_EQ(Follower(**b_, kQuestion).ReadAll().last, Kind::kNobody) << "without keys it has another name";
  ASSERT_TRUE(End(*recorder).ok());
  ASSERT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_TRUE(follower.live);
  EXPECT_EQ(follower.text, text);
}

TEST_F(RecordingsRedisTest, WhoLacksTheNewestKeyWaitsForTheEndAndMisses) {
  RecordingServer writer(redis_->Url(), {}, KeysOf(KeyLine("old", 'o') + KeyLine("new", 'w')));
  RecordingServer reader(redis_->Url(), {}, KeysOf(KeyLine("old", 'o')));
  const auto recorder = Record(*writer, kQuestion);
  ASSERT_TRUE(recorder->Add("answer").ok());
  Follower follower(*reader, kQuestion);
  EXPECT_EQ(follower.Await(0.2).kind, Kind::kWait);
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
}

TEST_F(RecordingsRedisTest, AReaderAtTheOtherServerSearchesUntilTheRecordingBeginsOrASetComes) {
  for (const bool record : {true, false}) {
    const int question = record ? 1 : 2;
    const FillToken token = LeaseOf(**a_, question);
    Follower follower(**b_, question);
    ASSERT_EQ(follower.Await(0.2).kind, Kind::kWait);
    if (record) {
      const auto recorder = Begin(**a_, question, token);
      ASSERT_TRUE(recorder.ok()) << recorder.status();
      ASSERT_TRUE((*recorder)->Add("answer").ok());
      follower.ReadUntil(6);
      ASSERT_TRUE(End(**recorder).ok());
    } else {
      std::promise<absl::Status> set;
      const Answer answer{.question = question, .payload = "answer", .fill_token = token};
      const absl::string_view payload[] = {answer.payload};
      (**a_).cache->Set(answer.Spec(payload), absl::InfiniteFuture(), [&](auto done) { set.set_value(done.status()); });
      ASSERT_TRUE(set.get_future().get().ok());
    }
    EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
    EXPECT_EQ(follower.live, record);
    EXPECT_EQ(follower.text, "answer");
  }
}

TEST_F(RecordingsRedisTest, NobodyIsToldAtOnceAtEitherServer) {
  for (RecordingServer* server : {a_.get(), b_.get()}) {
    EXPECT_EQ(Follower(**server, kQuestion).ReadAll().last, Kind::kNobody);
  }
}

// The clearest way to show a chunk twice, or none, is to read while another read comes in.
TEST_F(RecordingsRedisTest, MessagesAmongReadsShowNoChunkTwice) {
  for (int question = 0; question < 60; ++question) {
    const auto recorder = Record(**a_, question);
    std::string text;
    std::atomic<bool> joined = false;
    std::thread reader([&] {
      Follower follower(**b_, question);
      follower.ReadUntil(1);
      joined = true;
      follower.ReadAll();
      EXPECT_EQ(follower.last, Kind::kEnd) << question;
      EXPECT_EQ(follower.text, FindEntry(**b_, question)->entry->payload());
    });
    for (int i = 0; !joined || i < 50; ++i) {
      text = absl::StrCat(question, ".", i, ";");
      ASSERT_TRUE(recorder->Add(text).ok());
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    ASSERT_TRUE(End(*recorder).ok());
    reader.join();
  }
  EXPECT_TRUE(Eventually([this] { return b_->recordings().bytes() == 0; })) << b_->recordings().bytes();
}

TEST_F(RecordingsRedisTest, LostMessagesDelayChunksAndLoseNone) {
  proxy_b_->Set(Fault::DropMessages(1));
  const auto recorder = Record(**a_, kQuestion);
  Follower follower(**b_, kQuestion);
  std::string text;
  for (int i = 0; i < 5; ++i) {
    const std::string chunk = absl::StrCat("chunk ", i, ";");
    text += chunk;
    ASSERT_TRUE(recorder->Add(chunk).ok());
    follower.ReadUntil(text.size());
    ASSERT_EQ(follower.text, text);
    redis_->Command({"CLIENT", "KILL", "TYPE", "pubsub"});
  }
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(follower.text, text);
}

TEST_F(RecordingsRedisTest, AnAbortAtOneServerTellsReadersAtTheOther) {
  for (const bool messages : {true, false}) {
    if (!messages) proxy_b_->Set(Fault::DropMessages(1));
    const auto recorder = Record(**a_, kQuestion);
    ASSERT_TRUE(recorder->Add("half").ok());
    Follower follower(**b_, kQuestion);
    follower.ReadUntil(4);
    recorder->Abort();
    EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
    EXPECT_TRUE(Eventually([&] { return LeaseIsFree(**b_, kQuestion); }));
    EXPECT_EQ(redis_->CountKeys("*:r"), 0);
  }
}

TEST_F(RecordingsRedisTest, AUserWithTheDocumentedRightsAloneMayRecordAndFollow) {
  support::RedisProcess server({.users = {{.name = "paracle", .rules = DocumentedRules()}}});
  const std::string url = absl::StrReplaceAll(server.Url(), {{"redis://", "redis://paracle:a-long-secret@"}});
  RecordingServer a(url, {}, nullptr, "paracle:llm:");
  RecordingServer b(url, {}, nullptr, "paracle:llm:");
  const auto recorder = Record(*a, kQuestion);
  Follower follower(*b, kQuestion);
  ASSERT_TRUE(recorder->Add("one ").ok());
  follower.ReadUntil(4);
  ASSERT_TRUE(recorder->Add("two").ok());
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(follower.text, "one two");
  EXPECT_THAT(server.AclLog(), testing::IsEmpty());
}

TEST_F(RecordingsRedisTest, TheListThatAnotherLeaseLeftIsNotFollowed) {
  const FillToken token = LeaseOf(**a_, kQuestion);
  redis_->Command({"RPUSH", keys_.Recording(IdOf(kQuestion)), "00000000000000ff text/plain", "of another"});
  Follower remote(**b_, kQuestion);
  EXPECT_EQ(remote.Await(0.6).kind, Kind::kWait);
  const auto recorder = Begin(**a_, kQuestion, token);
  ASSERT_TRUE((*recorder)->Add("mine").ok());
  remote.ReadUntil(4);
  ASSERT_TRUE(End(**recorder).ok());
  EXPECT_EQ(remote.ReadAll().text, "mine");
}

TEST_F(RecordingsRedisTest, GarbageInTheLeaseTellsTheReadersAndTheRecorder) {
  const auto recorder = Record(**a_, kQuestion);
  ASSERT_TRUE(recorder->Add("half").ok());
  Follower remote(**b_, kQuestion);
  Follower local(**a_, kQuestion);
  remote.ReadUntil(4);
  local.ReadUntil(4);
  redis_->Command({"SET", keys_.Lease(IdOf(kQuestion)), "garbage"});
  EXPECT_EQ(remote.ReadAll().last, Kind::kNobody);
  EXPECT_EQ(local.ReadAll().last, Kind::kNobody);
  EXPECT_EQ(ReasonOf(recorder->Add("x")), kReasonLeaseLost);
  EXPECT_EQ(Follower(**b_, kQuestion).ReadAll().last, Kind::kNobody);
}

TEST_F(RecordingsRedisTest, GarbageInTheListHurtsReadersElsewhereAlone) {
  const auto recorder = Record(**a_, kQuestion);
  ASSERT_TRUE(recorder->Add("one ").ok());
  Follower remote(**b_, kQuestion);
  Follower local(**a_, kQuestion);
  remote.ReadUntil(4);
  local.ReadUntil(4);
  redis_->Command({"SET", keys_.Recording(IdOf(kQuestion)), "garbage"});
  EXPECT_EQ(remote.ReadAll().last, Kind::kNobody);
  ASSERT_TRUE(recorder->Add("two").ok());
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(local.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(Follower(**b_, kQuestion).ReadAll().text, "one two");
}

TEST_F(RecordingsRedisTest, WithoutReadersNothingIsBroughtHere) {
  const auto recorder = Record(**a_, kQuestion);
  ASSERT_TRUE(recorder->Add("one").ok());
  Follower remote(**b_, kQuestion);
  remote.ReadUntil(3);
  EXPECT_GT(b_->recordings().bytes(), 0u);
  EXPECT_EQ(b_->recordings().running(), 0) << "it is recorded elsewhere";
  remote.Destroy();
  EXPECT_TRUE(Eventually([&] { return b_->recordings().bytes() == 0; }));
  Follower again(**b_, kQuestion);
  again.ReadUntil(3);
  EXPECT_EQ(again.text, "one");
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(again.ReadAll().last, Kind::kEnd);
}

TEST_F(RecordingsRedisTest, WithoutRoomHereReadersAreToldAndTheRecorderElsewhereGoesOn) {
  RecordingServer small(proxy_b_->Url(), {.max_bytes = 1000});
  const auto recorder = Record(**a_, kQuestion);
  Follower remote(*small, kQuestion);
  ASSERT_EQ(remote.AwaitNews().kind, Kind::kStart);
  remote.starts = 1;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(recorder->Add(std::string(100, 'x')).ok());
  EXPECT_EQ(remote.ReadAll().last, Kind::kNobody);
  ASSERT_TRUE(End(*recorder).ok());
  remote.Destroy();
  EXPECT_TRUE(Eventually([&] { return small.recordings().bytes() == 0; }));
}

TEST_F(RecordingsRedisTest, WhoTakesTheLeaseOverAtTheOtherServerReplacesTheRecording) {
  const auto old = Begin(**a_, kQuestion, LeaseOf(**a_, kQuestion, absl::Milliseconds(500)));
  ASSERT_TRUE(old.ok());
  ASSERT_TRUE((*old)->Add("old").ok());
  Follower of_old_there(**b_, kQuestion);
  of_old_there.ReadUntil(3);
  AskedLease next(*(**b_).leases, kQuestion, absl::Minutes(5), absl::Minutes(1));
  const LeaseOutcome outcome = next.Outcome();
  ASSERT_TRUE(std::holds_alternative<Lease>(outcome));
  const auto fresh = Begin(**b_, kQuestion, std::get<Lease>(outcome).token);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_EQ(of_old_there.ReadAll().last, Kind::kNobody);
  ASSERT_TRUE(Eventually([&] { return (*old)->Add("x").code() == absl::StatusCode::kFailedPrecondition; }));
  ASSERT_TRUE((*fresh)->Add("fresh").ok());
  Follower of_fresh_here(**a_, kQuestion);
  of_fresh_here.ReadUntil(5);
  ASSERT_TRUE(End(**fresh).ok());
  EXPECT_EQ(of_fresh_here.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(of_fresh_here.text, "fresh");
}

// Redis knows nothing of such a lease.
TEST_F(RecordingsRedisTest, ALeaseOfTheOtherServerMayBeRecordedHere) {
  const FillToken token = LeaseOf(**a_, kQuestion);
  const auto recorder = Begin(**b_, kQuestion, token);
  ASSERT_TRUE(recorder.ok()) << recorder.status();
  ASSERT_TRUE((*recorder)->Add("answer").ok());
  Follower follower(**a_, kQuestion);
  follower.ReadUntil(6);
  ASSERT_TRUE(End(**recorder).ok());
  EXPECT_EQ(follower.ReadAll().text, "answer");
  FillToken lost = token;
  EXPECT_EQ(ReasonOf(Begin(**b_, kQuestion, lost).status()), kReasonLeaseLost);
}

// Whoever was told of a recording that was broken off before the first step looks for another.
TEST_F(RecordingsRedisTest, ARecordingThatBreaksOffBeforeItsReaderHasHeardOfItIsNone) {
  auto old = Record(**a_, kQuestion);
  Follower follower(**a_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kWait) << "Redis is asked for an entry first";
  ASSERT_TRUE(follower.IsReady(1));
  old->Abort();
  auto fresh = Record(**a_, kQuestion);
  ASSERT_TRUE(fresh);
  ASSERT_TRUE(fresh->Add("fresh").ok());
  follower.ReadUntil(5);
  ASSERT_TRUE(End(*fresh).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(follower.text, "fresh");
}

TEST_F(RecordingsRedisTest, WhoBeginsBeforeAReaderHasHeardThatNobodyWasAtItIsFollowed) {
  Follower follower(**a_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kWait) << "Redis is asked for an entry first";
  ASSERT_TRUE(follower.IsReady(1));
  const auto fresh = Record(**a_, kQuestion);
  ASSERT_TRUE(fresh);
  ASSERT_TRUE(fresh->Add("fresh").ok());
  follower.ReadUntil(5);
  ASSERT_TRUE(End(*fresh).ok());
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(follower.text, "fresh");
}

TEST_F(RecordingsRedisTest, AStackThatEndsWithReadersAndReadsUnderWayAnswersThem) {
  const auto recorder = Record(**a_, kQuestion);
  ASSERT_TRUE(recorder->Add("half").ok());
  {
    RecordingServer dying(redis_->Url());
    auto live = std::make_unique<Follower>(*dying, kQuestion);
    live->ReadUntil(4);
    auto searching = std::make_unique<Follower>(*dying, kQuestion + 1);
    searching->Next();
    live.reset();
    searching.reset();
  }
  ASSERT_TRUE(End(*recorder).ok());
}

}  // namespace
}  // namespace paracle::cachecore

// One recording, from its lease to what is stored at the end, in memory alone.
#include "cachecore/recorder.h"

#include "cachecore/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/follower.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {
namespace {

using Kind = FollowSession::Step::Kind;
using testing::ElementsAre;

constexpr int kQuestion = 1;

InvalidationTarget Target(InvalidationTarget::Kind kind, std::string value = "") {
  return {.ns = "default", .kind = kind, .digest = DigestOfQuestion(kQuestion), .value = std::move(value)};
}

class RecorderTest : public testing::Test {
 protected:
  void Make(const RecordingLimits& limits) {
    CacheOptions options;
    options.recordings = limits;
    stack_ = std::make_unique<CacheStack>(*MakeCache(options, &ledger_, &clock_));
  }
  void SetUp() override { Make({}); }

  LeasedCache& leases() { return *stack_->leases; }
  Recordings& recordings() { return *stack_->recordings; }

  FakeClock clock_;
  StatsLedger ledger_{{}, &clock_};
  std::unique_ptr<CacheStack> stack_;
};

TEST_F(RecorderTest, EndStoresTheChunksEndToEndWithAllThatIsKnownOfThem) {
  const auto recorder = Record(*stack_, kQuestion);
  for (const char* chunk : {"one ", "", "two ", "three"}) ASSERT_TRUE(recorder->Add(chunk).ok());
  const std::vector<std::string> tags = {"t"};
  const Origin origin{
      .prompt_tokens = 7, .completion_tokens = 8, .cost_usd = 0.5, .latency = absl::Milliseconds(1500)};
  const auto stored = End(*recorder, {.ttl = absl::Minutes(10), .tags = tags, .origin = origin});
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(stored->stored_in_memory);
  EXPECT_EQ(stored->expire_time, clock_.WallTime() + absl::Minutes(10));

  const std::optional<Hit> hit = FindEntry(*stack_, kQuestion);
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->entry->payload(), "one two three");
  EXPECT_EQ(hit->entry->content_type(), "text/event-stream");
  EXPECT_EQ(hit->entry->label().provider(), "openai");
  EXPECT_EQ(hit->entry->label().model(), "gpt-4");
  EXPECT_THAT(hit->entry->tags(), ElementsAre("t"));
  EXPECT_EQ(hit->entry->origin().completion_tokens, 8u);
  EXPECT_EQ(hit->entry->origin().latency, absl::Milliseconds(1500));
  EXPECT_EQ(hit->entry->expire_time(), stored->expire_time);
}

TEST_F(RecorderTest, AnAnswerOfNoChunksIsAnAnswer) {
  const auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(End(*recorder).ok());
  EXPECT_EQ(FindEntry(*stack_, kQuestion)->entry->payload(), "");
}

TEST_F(RecorderTest, EndAnswersTheGetsThatWait) {
  const auto recorder = Record(*stack_, kQuestion);
  AskedLease waiting(leases(), kQuestion, absl::Minutes(5), absl::Minutes(1));
  ASSERT_TRUE(recorder->Add("answer").ok());
  ASSERT_TRUE(End(*recorder).ok());
  const LeaseOutcome outcome = waiting.Outcome();
  ASSERT_TRUE(std::holds_alternative<Hit>(outcome));
  EXPECT_EQ(std::get<Hit>(outcome).entry->payload(), "answer");
}

TEST_F(RecorderTest, AbortGivesTheLeaseToTheNextWhoWaitsAndTellsTheReaders) {
  const auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(recorder->Add("half an ans").ok());
  AskedLease waiting(leases(), kQuestion, absl::Minutes(5), absl::Minutes(1));
  Follower follower(*stack_, kQuestion);
  follower.ReadUntil(4);
  recorder->Abort();
  EXPECT_TRUE(std::holds_alternative<Lease>(waiting.Outcome()));
  EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
  EXPECT_FALSE(FindEntry(*stack_, kQuestion));
  EXPECT_EQ(recordings().running(), 0);
  EXPECT_EQ(ReasonOf(recorder->Add("wer")), kReasonLeaseLost);
  EXPECT_EQ(ReasonOf(End(*recorder).status()), kReasonLeaseLost);
}

TEST_F(RecorderTest, ARecorderThatIsDroppedHasAborted) {
  auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(recorder->Add("half").ok());
  EXPECT_EQ(recordings().running(), 1);
  recorder.reset();
  EXPECT_EQ(recordings().running(), 0);
  EXPECT_EQ(recordings().bytes(), 0u);
  EXPECT_TRUE(LeaseIsFree(*stack_, kQuestion));
}

TEST_F(RecorderTest, AfterTheEndAbortChangesNothing) {
  auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(End(*recorder).ok());
  recorder->Abort();
  recorder.reset();
  EXPECT_TRUE(FindEntry(*stack_, kQuestion));
}

TEST_F(RecorderTest, AnAnswerOverTheLimitIsRefusedByNameAndItsLeaseGoesBack) {
  Make({.max_answer_bytes = 10});
  const auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(recorder->Add("0123456789").ok()) << "the limit itself fits";
  Follower follower(*stack_, kQuestion);
  const absl::Status refused = recorder->Add("x");
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_EQ(ReasonOf(refused), kReasonEntryTooLarge);
  EXPECT_EQ(FieldOf(refused), "chunk");
  EXPECT_TRUE(LeaseIsFree(*stack_, kQuestion));
  EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
  EXPECT_FALSE(FindEntry(*stack_, kQuestion));
}

TEST_F(RecorderTest, WithoutRoomTheLeaseStaysWithItsHolderWhoSetsTheAnswer) {
  Make({.max_bytes = 1000});
  const FillToken token = LeaseOf(*stack_, kQuestion);
  const auto recorder = Begin(*stack_, kQuestion, token);
  ASSERT_TRUE(recorder.ok());
  ASSERT_TRUE((*recorder)->Add(std::string(500, 'x')).ok());
  Follower follower(*stack_, kQuestion);
  follower.ReadUntil(500);
  const absl::Status refused = (*recorder)->Add(std::string(500, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(ReasonOf(refused), kReasonTooManyRecordings);
  EXPECT_EQ(follower.ReadAll().last, Kind::kNobody);
  (*recorder)->Abort();
  EXPECT_FALSE(LeaseIsFree(*stack_, kQuestion));

  std::promise<absl::Status> set;
  const Answer answer{.question = kQuestion, .payload = std::string(1000, 'x'), .fill_token = token};
  const absl::string_view payload[] = {answer.payload};
  leases().Set(answer.Spec(payload), absl::InfiniteFuture(), [&](auto outcome) { set.set_value(outcome.status()); });
  EXPECT_TRUE(set.get_future().get().ok());
  EXPECT_EQ(FindEntry(*stack_, kQuestion)->entry->payload(), answer.payload);
}

TEST_F(RecorderTest, BytesComeBackWhenTheLastReaderLetsGo) {
  auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(recorder->Add(std::string(10'000, 'x')).ok());
  auto slow = std::make_unique<Follower>(*stack_, kQuestion);
  ASSERT_EQ(slow->Next().kind, Kind::kStart);
  ASSERT_TRUE(End(*recorder).ok());
  recorder.reset();
  EXPECT_EQ(recordings().running(), 0);
  EXPECT_EQ(recordings().bytes(), 10'000 + kChunkOverhead) << "it is still to be read";
  EXPECT_EQ(slow->Next().kind, Kind::kChunks);
  slow.reset();
  EXPECT_EQ(recordings().bytes(), 0u);
}

// What a chunk of one byte takes in memory is a hundred times that.
TEST_F(RecorderTest, ShortChunksCountAsWhatTheyTake) {
  Make({.max_bytes = 1 << 20});
  const auto recorder = Record(*stack_, kQuestion);
  int chunks = 0;
  absl::Status status;
  while ((status = recorder->Add("x")).ok()) ++chunks;
  EXPECT_EQ(ReasonOf(status), kReasonTooManyRecordings);
  EXPECT_EQ(chunks, (1 << 20) / (1 + kChunkOverhead));
}

// Recordings that break off while a chunk comes give back the room for it.
TEST_F(RecorderTest, NoRoomIsLostWhenLeasesEndAmongChunks) {
  for (int round = 0; round < 300; ++round) {
    const FillToken token = LeaseOf(*stack_, kQuestion);
    auto recorder = Begin(*stack_, kQuestion, token);
    ASSERT_TRUE(recorder.ok());
    std::atomic<bool> adding = false;
    std::thread release([&] {
      adding.wait(false);
      leases().Release(IdOf(kQuestion), token, [] {});
    });
    absl::Status status;
    while ((status = (*recorder)->Add("some bytes")).ok()) {
      adding = true;
      adding.notify_one();
    }
    release.join();
    recorder->reset();
    ASSERT_EQ(recordings().bytes(), 0u) << "in round " << round;
  }
}

TEST_F(RecorderTest, P3_AnAnswerThatWasInvalidatedMeanwhileIsNotStoredAndOnlyWhoFollowedBeforeGetsIt) {
  using TargetKind = InvalidationTarget::Kind;
  for (const auto& target :
       {Target(TargetKind::kDigest), Target(TargetKind::kModel, "gpt-4"), Target(TargetKind::kNamespace)}) {
    SCOPED_TRACE(static_cast<int>(target.kind));
    const auto recorder = Record(*stack_, kQuestion);
    ASSERT_TRUE(recorder->Add("old").ok());
    Follower before(*stack_, kQuestion);
    before.ReadUntil(3);
    ASSERT_TRUE(Invalidate(*stack_, target).ok());
    // Not even if it does not name the model by which that was.
    for (const char* model : {"gpt-4", ""}) {
      if (target.kind == TargetKind::kModel && *model == 0) continue;
      EXPECT_EQ(Follower(*stack_, kQuestion, absl::Minutes(1), model).ReadAll().last, Kind::kNobody) << model;
    }
    ASSERT_TRUE(recorder->Add(" answer").ok());
    EXPECT_EQ(ReasonOf(End(*recorder).status()), kReasonStaleFillToken);
    EXPECT_EQ(before.ReadAll().last, Kind::kEnd);
    EXPECT_EQ(before.text, "old answer");
    EXPECT_FALSE(before.end.create_time);
    EXPECT_FALSE(before.end.expire_time);
    EXPECT_FALSE(FindEntry(*stack_, kQuestion));
    EXPECT_TRUE(LeaseIsFree(*stack_, kQuestion));
  }
}

// The server that records knows the model, whoever follows need not.
TEST_F(RecorderTest, P3_WhoDoesNotNameTheModelFollowsNothingThatWasInvalidatedByIt) {
  const auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(recorder->Add("old").ok());
  ASSERT_TRUE(Invalidate(*stack_, Target(InvalidationTarget::Kind::kModel, "gpt-4")).ok());
  Follower after(*stack_, kQuestion, absl::Minutes(1), "");
  EXPECT_NE(after.Next().kind, Kind::kStart);
  EXPECT_EQ(ReasonOf(End(*recorder).status()), kReasonStaleFillToken);
  EXPECT_EQ(after.ReadAll().last, Kind::kNobody);
  EXPECT_EQ(after.text, "");
}

// Tags come with the end, so whoever followed after the invalidation could not know.
TEST_F(RecorderTest, P3_AnAnswerInvalidatedByItsTagIsNobodys) {
  const auto recorder = Record(*stack_, kQuestion);
  ASSERT_TRUE(recorder->Add("old").ok());
  ASSERT_TRUE(Invalidate(*stack_, Target(InvalidationTarget::Kind::kTag, "t")).ok());
  Follower after(*stack_, kQuestion);
  after.ReadUntil(3);
  const std::vector<std::string> tags = {"t"};
  EXPECT_EQ(ReasonOf(End(*recorder, {.ttl = absl::Hours(1), .tags = tags}).status()), kReasonStaleFillToken);
  EXPECT_EQ(after.ReadAll().last, Kind::kNobody);
}

// The cache may be too small for it: complete all the same.
TEST_F(RecorderTest, AnAnswerThatNoTierKeepsIsCompleteForThoseWhoFollow) {
  CacheOptions options;
  options.memory.max_bytes = 64 << 10;
  stack_ = std::make_unique<CacheStack>(*MakeCache(options, &ledger_, &clock_));
  const auto recorder = Record(*stack_, kQuestion);
  const std::string half(1 << 20, 'x');
  ASSERT_TRUE(recorder->Add(half).ok());
  Follower follower(*stack_, kQuestion);
  ASSERT_EQ(follower.Next().kind, Kind::kStart);
  ASSERT_TRUE(recorder->Add(half).ok());
  const auto outcome = End(*recorder);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_FALSE(outcome->stored_in_memory);
  follower.starts = 1;
  EXPECT_EQ(follower.ReadAll().last, Kind::kEnd);
  EXPECT_EQ(follower.text, half + half);
  EXPECT_FALSE(follower.end.create_time);
}

}  // namespace
}  // namespace paracle::cachecore

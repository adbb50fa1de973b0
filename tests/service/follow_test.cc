// Follow over a real socket: what a reader sees, how long it takes, and what it costs.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/stream_client.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using testing::ElementsAre;

#ifdef __SANITIZE_ADDRESS__
constexpr bool kResidentMeansUsed = false;
#else
constexpr bool kResidentMeansUsed = true;
#endif

// In KiB, of this process.
int64_t Resident() {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kib = 0;
  while (status >> word) {
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
}

TEST(FollowTest, ALiveAnswerComesChunkByChunkAndThenItsEnd) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  record.Chunk("one");
  FollowStream follow(server, ref);
  ASSERT_TRUE(follow.ReadUntil(3));
  EXPECT_TRUE(follow.start.live());
  EXPECT_EQ(follow.start.content_type(), "text/event-stream");
  EXPECT_EQ(LeaseStatusOf(server.admin()).recordings(), 1);
  EXPECT_EQ(LeaseStatusOf(server.admin()).followers(), 1);
  record.Chunk("two");
  ASSERT_TRUE(follow.ReadUntil(6));
  v1::RecordEnd end;
  end.mutable_origin()->set_completion_tokens(2);
  ASSERT_TRUE(record.EndAndFinish(end).ok());
  const grpc::Status status = follow.ReadAll();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(follow.ended);
  EXPECT_THAT(follow.chunks, ElementsAre("one", "two"));
  EXPECT_EQ(follow.end.origin().completion_tokens(), 2);
  EXPECT_TRUE(follow.end.has_create_time());
  EXPECT_EQ(follow.end.expire_time().SerializeAsString(), record.response().expire_time().SerializeAsString());
  EXPECT_TRUE(HasFollowers(server, 0));
  EXPECT_EQ(LeaseStatusOf(server.admin()).coalesced_count(), 1);
}

TEST(FollowTest, AStoredAnswerComesAtOnceInPieces) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  const std::string payload(2 << 20, 'x');
  v1::SetRequest set = SetOf(ref, payload);
  set.set_content_type("text/plain");
  v1::SetResponse stored;
  ASSERT_TRUE(server.cache().Set(Patient().get(), set, &stored).ok());
  FollowStream follow(server, ref);
  EXPECT_TRUE(follow.ReadAll().ok());
  EXPECT_TRUE(follow.ended);
  EXPECT_FALSE(follow.start.live());
  EXPECT_EQ(follow.start.content_type(), "text/plain");
  EXPECT_TRUE(follow.text == payload);
  EXPECT_GT(follow.chunks.size(), 1u);
  EXPECT_EQ(LeaseStatusOf(server.admin()).coalesced_count(), 0) << "nobody waited";
}

TEST(FollowTest, WithoutAnybodyTheReaderIsToldToAskForTheLease) {
  RunningServer server;
  const grpc::Status status = FollowStream(server, RefOf('a')).ReadAll();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED) << status.error_message();
  EXPECT_TRUE(HasReason(status, "NOT_RECORDING"));
}

TEST(FollowTest, WhatIsMalformedIsNamed) {
  RunningServer server;
  v1::FollowRequest no_entry, too_often, too_seldom;
  *too_often.mutable_entry() = *too_seldom.mutable_entry() = RefOf('a');
  too_often.mutable_keep_alive()->set_nanos(49'000'000);
  too_seldom.mutable_keep_alive()->set_seconds(61);
  EXPECT_TRUE(NamesField(FollowStream(server, no_entry).ReadAll(), "entry"));
  EXPECT_TRUE(NamesField(FollowStream(server, too_often).ReadAll(), "keep_alive"));
  EXPECT_TRUE(NamesField(FollowStream(server, too_seldom).ReadAll(), "keep_alive"));
  EXPECT_EQ(LeaseStatusOf(server.admin()).followers(), 0);
}

TEST(FollowTest, WhileNothingComesTheReaderHearsThatTheServerIsThere) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  const std::string token = LeaseTokenOf(server, ref);
  v1::FollowRequest request = FollowStream::RequestOf(ref);
  request.mutable_keep_alive()->set_nanos(50'000'000);
  FollowStream follow(server, request);
  while (follow.keep_alives < 3) ASSERT_TRUE(follow.Next());
  EXPECT_EQ(follow.starts, 0);
  RecordStream record(server);
  record.Start(ref, token);
  ASSERT_TRUE(follow.ReadStart());
  while (follow.keep_alives < 6) ASSERT_TRUE(follow.Next());
  ASSERT_TRUE(record.EndAndFinish().ok());
  EXPECT_TRUE(follow.ReadAll().ok());
}

TEST(FollowTest, ASetAnswersWhoeverFollows) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  v1::SetRequest set = SetOf(ref, "set");
  set.set_fill_token(LeaseTokenOf(server, ref));
  FollowStream follow(server, ref);
  ASSERT_TRUE(HasFollowers(server, 1));
  v1::SetResponse stored;
  ASSERT_TRUE(server.cache().Set(Patient().get(), set, &stored).ok());
  EXPECT_TRUE(follow.ReadAll().ok());
  EXPECT_EQ(follow.text, "set");
}

TEST(FollowTest, AReaderWhoseDeadlinePassesOrWhoGoesIsForgotten) {
  RunningServer server;
  const v1::EntryRef searched = RefOf('a');
  LeaseTokenOf(server, searched);
  EXPECT_EQ(FollowStream(server, searched, absl::Milliseconds(300)).ReadAll().error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(HasFollowers(server, 0));
  // With keep-alives far apart, so that it is not they who find out.
  v1::FollowRequest request = FollowStream::RequestOf(searched);
  request.mutable_keep_alive()->set_seconds(60);
  FollowStream searching(server, request);
  ASSERT_TRUE(HasFollowers(server, 1));
  searching.Cancel();
  EXPECT_TRUE(HasFollowers(server, 0));

  const v1::EntryRef recorded = RefOf('b');
  RecordStream record(server, recorded);
  record.Chunk(std::string(1 << 20, 'x'));
  *request.mutable_entry() = recorded;
  FollowStream stuck(server, request);
  ASSERT_TRUE(stuck.ReadStart());
  stuck.Cancel();
  EXPECT_TRUE(HasFollowers(server, 0));
}

TEST(FollowTest, NoMoreFollowThanMay) {
  RunningServer server(Overrides{{"MAX_FOLLOWERS", "1"}});
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  FollowStream first(server, ref);
  ASSERT_TRUE(first.ReadStart());
  const grpc::Status status = FollowStream(server, ref).ReadAll();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_TRUE(HasReason(status, "OVERLOADED"));
  EXPECT_TRUE(HasReason(status, "RetryInfo"));
  first.Cancel();
  ASSERT_TRUE(HasFollowers(server, 0));
  FollowStream next(server, ref);
  EXPECT_TRUE(next.ReadStart());
}

TEST(FollowTest, AReaderIsAHitThatTookAsLongAsItReallyTook) {
  constexpr absl::Duration kTook = absl::Milliseconds(300);
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  FollowStream follow(server, ref);
  ASSERT_TRUE(follow.ReadStart());
  const absl::Time begun = absl::Now();
  while (absl::Now() < begun + kTook) ASSERT_TRUE(follow.Next()) << "a keep-alive";
  v1::RecordEnd end;
  end.mutable_origin()->set_completion_tokens(20);
  end.mutable_origin()->set_cost_usd(0.25);
  end.mutable_origin()->mutable_latency()->set_seconds(100);
  ASSERT_TRUE(record.EndAndFinish(end).ok());
  ASSERT_TRUE(follow.ReadAll().ok());
  v1::GetStatsResponse stats;
  ASSERT_TRUE(server.admin().GetStats(Patient().get(), {}, &stats).ok());
  EXPECT_EQ(stats.total().hits(), 1);
  EXPECT_EQ(stats.total().misses(), 1) << "the lease's";
  EXPECT_EQ(stats.total().saved_cost_usd(), 0.25);
  EXPECT_EQ(stats.total().cached_tokens(), 20);
  EXPECT_GE(ToAbsl(stats.total().average_cached_time()), kTook);
  EXPECT_LE(ToAbsl(stats.total().saved_time()), absl::Seconds(100) - kTook);
  EXPECT_GT(ToAbsl(stats.total().saved_time()), absl::Seconds(30));
  ASSERT_EQ(stats.by_model_size(), 1);
  EXPECT_EQ(stats.by_model(0).model(), "model-1");
}

TEST(FollowTest, ADrainWaitsForReadersWhoseAnswerComesAndTellsThoseWhoSearch) {
  RunningServer server(Overrides{{"DRAIN_TIMEOUT", "60s"}});
  const v1::EntryRef live = RefOf('a');
  const v1::EntryRef searched = RefOf('b');
  RecordStream record(server, live);
  record.Chunk("one ");
  FollowStream follow(server, live);
  ASSERT_TRUE(follow.ReadUntil(4));
  LeaseTokenOf(server, searched);
  FollowStream searching(server, searched);
  ASSERT_TRUE(HasFollowers(server, 2));
  std::thread drain([&] { server.server().Drain(); });
  const grpc::Status told = searching.ReadAll();
  EXPECT_EQ(told.error_code(), grpc::StatusCode::ABORTED) << told.error_message();
  ASSERT_TRUE(record.Chunk("two"));
  ASSERT_TRUE(follow.ReadUntil(7));
  EXPECT_TRUE(record.EndAndFinish().ok());
  const grpc::Status status = follow.ReadAll();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(follow.ended);
  EXPECT_EQ(follow.text, "one two");
  drain.join();
}

TEST(FollowTest, ADrainCutsOffWhatOutlastsIt) {
  RunningServer server(Overrides{{"DRAIN_TIMEOUT", "1ms"}});
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  FollowStream follow(server, ref);
  ASSERT_TRUE(follow.ReadStart());
  std::thread drain([&] { server.server().Drain(); });
  EXPECT_FALSE(follow.ReadAll().ok());
  EXPECT_FALSE(record.Finish().ok());
  drain.join();
}

// A reader that lets a time pass, once, before it reads on.
class PacedReader final : public grpc::ClientReadReactor<v1::FollowResponse> {
 public:
  PacedReader(v1::CacheService::Stub& stub, const v1::EntryRef& ref, size_t pause_at) : pause_at_(pause_at) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
    request_ = FollowStream::RequestOf(ref);
    stub.async()->Follow(&context_, &request_, this);
    AddHold();
    StartRead(&part_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    for (const std::string& chunk : part_.chunks().chunks()) {
      bytes += chunk.size();
      hash = std::hash<std::string>()(absl::StrCat(hash, chunk));
    }
    ended = part_.has_end();
    if (bytes >= pause_at_ && !paused_.exchange(true)) return;
    StartRead(&part_);
  }
  void OnDone(const grpc::Status& status) override {
    std::lock_guard lock(mutex_);
    status_ = status;
    done_ = true;
    changed_.notify_all();
  }

  bool paused() const { return paused_; }
  void Resume() {
    if (paused_) StartRead(&part_);
  }
  void LetEnd() { RemoveHold(); }
  grpc::Status Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_; });
    return status_;
  }

  size_t bytes = 0;
  size_t hash = 0;
  bool ended = false;

 private:
  const size_t pause_at_;
  grpc::ClientContext context_;
  v1::FollowRequest request_;
  v1::FollowResponse part_;
  std::atomic<bool> paused_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::Status status_;
  bool done_ = false;
};

TEST(FollowTest, FiveHundredReadersOfWhomManyDoNotReadHoldNobodyUpAndCostLittle) {
  constexpr int kReaders = 500;
  constexpr size_t kChunkBytes = 1000;
  constexpr int kChunks = 1000;
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  // Else a peer with a fast network takes in as much as there is, whether it is read or not.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 65'535);
  const auto channel = grpc::CreateCustomChannel(server.address(), grpc::InsecureChannelCredentials(), arguments);
  const auto stub = v1::CacheService::NewStub(channel);
  const int64_t before = Resident();
  std::mt19937 random(7);
  std::vector<std::unique_ptr<PacedReader>> readers;
  int slow = 0;
  for (int i = 0; i < kReaders; ++i) {
    const bool is_slow = random() % 3 == 0;
    slow += is_slow;
    // Somewhere in the first half.
    const size_t pause_at = !is_slow ? SIZE_MAX : random() % (kChunkBytes * kChunks / 2);
    readers.push_back(std::make_unique<PacedReader>(*stub, ref, pause_at));
  }
  ASSERT_TRUE(HasFollowers(server, kReaders));

  const absl::Time begun = absl::Now();
  size_t hash = 0;
  for (int i = 0; i < kChunks; ++i) {
    std::string chunk = absl::StrCat(i, ":");
    chunk.resize(kChunkBytes, 'x');
    hash = std::hash<std::string>()(absl::StrCat(hash, chunk));
    ASSERT_TRUE(record.Chunk(chunk));
  }
  const grpc::Status recorded = record.EndAndFinish();
  ASSERT_TRUE(recorded.ok()) << recorded.error_message();
  const absl::Duration recorded_in = absl::Now() - begun;
  // Whoever does not read is held by nobody: all others are through.
  std::vector<PacedReader*> fast;
  ASSERT_TRUE(BecomesTrue([&] {
    return std::count_if(readers.begin(), readers.end(), [](const auto& reader) { return reader->paused(); }) == slow;
  }));
  for (const auto& reader : readers) {
    if (reader->paused()) continue;
    reader->LetEnd();
    EXPECT_TRUE(reader->Wait().ok());
    fast.push_back(reader.get());
  }
  EXPECT_EQ(fast.size(), static_cast<size_t>(kReaders - slow));
  const int64_t growth = Resident() - before;
  const absl::Duration read_in = absl::Now() - begun;
  EXPECT_TRUE(HasFollowers(server, slow));
  // They go on not reading.
  std::this_thread::sleep_for(std::chrono::seconds(2));
  for (const auto& reader : readers) {
    if (!reader->paused()) continue;
    reader->Resume();
    reader->LetEnd();
  }
  for (const auto& reader : readers) {
    EXPECT_TRUE(reader->Wait().ok());
    EXPECT_TRUE(reader->ended);
    EXPECT_EQ(reader->bytes, kChunkBytes * kChunks);
    EXPECT_EQ(reader->hash, hash);
  }
  EXPECT_TRUE(HasFollowers(server, 0));
  printf("recorded in %s, read by %d in %s; %d do not read; VmRSS of both ends grew by %d KiB, %d KiB for each\n",
         absl::FormatDuration(recorded_in).c_str(), kReaders - slow, absl::FormatDuration(read_in).c_str(), slow,
         static_cast<int>(growth), static_cast<int>(growth / kReaders));
  if (kResidentMeansUsed) {
    EXPECT_LT(growth, 500 * kReaders) << "KiB";
  }
}

}  // namespace
}  // namespace paracle::service

// Record over a real socket: the whole flow, and each way to break it.
#include <thread>

#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/service/stream_client.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using testing::ElementsAre;

v1::GetResponse Get(RunningServer& server, const v1::EntryRef& ref) {
  v1::GetRequest request;
  *request.mutable_entry() = ref;
  v1::GetResponse response;
  EXPECT_TRUE(server.cache().Get(Patient().get(), request, &response).ok());
  return response;
}

TEST(RecordTest, WhatIsRecordedIsStoredAsBySetAndWhoeverWaitsGetsIt) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  Waiters waiters(&server.cache());
  Waiters::Call& waiting = waiters.Ask(LeaseGet(ref, absl::Seconds(50)));
  for (const char* chunk : {"one ", "", "two ", "three"}) ASSERT_TRUE(record.Chunk(chunk));
  v1::RecordEnd end;
  end.mutable_ttl()->set_seconds(60);
  end.add_tags("t");
  end.mutable_origin()->set_prompt_tokens(7);
  end.mutable_origin()->set_cost_usd(0.5);
  end.mutable_origin()->mutable_latency()->set_seconds(2);
  const grpc::Status status = record.EndAndFinish(end);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(record.response().stored_in(), ElementsAre(v1::TIER_MEMORY));

  waiters.WaitForAll();
  ASSERT_TRUE(waiting.response.has_hit()) << waiting.response.ShortDebugString();
  EXPECT_EQ(waiting.response.hit().payload(), "one two three");
  const v1::Hit hit = Get(server, ref).hit();
  EXPECT_EQ(hit.payload(), "one two three");
  EXPECT_EQ(hit.content_type(), "text/event-stream");
  EXPECT_EQ(hit.origin().SerializeAsString(), end.origin().SerializeAsString());
  EXPECT_EQ(hit.expire_time().SerializeAsString(), record.response().expire_time().SerializeAsString());
  EXPECT_EQ(hit.expire_time().seconds() - hit.create_time().seconds(), 60);

  v1::InvalidateRequest invalidate;
  invalidate.set_tag("t");
  v1::InvalidateResponse removed;
  ASSERT_TRUE(server.cache().Invalidate(Patient().get(), invalidate, &removed).ok());
  EXPECT_EQ(removed.removed_count(), 1);
  EXPECT_TRUE(BecomesTrue([&] { return LeaseStatusOf(server.admin()).recordings() == 0; }));
}

struct BadCase {
  const char* why;
  std::vector<v1::RecordRequest> parts;  // After a start, if `started`.
  bool started;
  const char* field;
};

v1::RecordRequest ChunkPart() {
  v1::RecordRequest part;
  part.set_chunk("x");
  return part;
}

v1::RecordRequest EndPart(const v1::RecordEnd& end = {}) {
  v1::RecordRequest part;
  *part.mutable_end() = end;
  return part;
}

v1::RecordRequest StartPart(const v1::EntryRef& ref, const std::string& token, const std::string& content_type = "") {
  v1::RecordRequest part;
  *part.mutable_start()->mutable_entry() = ref;
  part.mutable_start()->set_fill_token(token);
  part.mutable_start()->set_content_type(content_type);
  return part;
}

TEST(RecordTest, WhatIsMalformedOrOutOfPlaceIsNamedAndTheLeaseGoesBack) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  const std::string token = LeaseTokenOf(server, RefOf('b'));
  v1::EntryRef bad_ref;
  bad_ref.set_digest("short");
  v1::RecordEnd bad_ttl, bad_tags, bad_origin;
  bad_ttl.mutable_ttl()->set_seconds(-1);
  bad_tags.add_tags("");
  bad_origin.mutable_origin()->set_prompt_tokens(-1);
  const BadCase cases[] = {
      {"a chunk first", {ChunkPart()}, false, "start"},
      {"the end first", {EndPart()}, false, "start"},
      {"nothing", {v1::RecordRequest()}, false, "part"},
      {"closed before the start", {}, false, "part"},
      {"no entry", {StartPart({}, token)}, false, "start.entry"},
      {"a digest of 5 bytes", {StartPart(bad_ref, token)}, false, "start.entry.digest"},
      {"no token", {StartPart(ref, "")}, false, "start.fill_token"},
      {"a token of nobody's", {StartPart(ref, std::string(25, 'x'))}, false, "start.fill_token"},
      {"a long content type", {StartPart(ref, token, std::string(129, 'x'))}, false, "start.content_type"},
      {"two starts", {StartPart(ref, token)}, true, "start"},
      {"nothing after the start", {v1::RecordRequest()}, true, "part"},
      {"closed without an end", {ChunkPart()}, true, "part"},
      {"closed after the start", {}, true, "part"},
      {"a life that is over", {ChunkPart(), EndPart(bad_ttl)}, true, "end.ttl"},
      {"an empty tag", {EndPart(bad_tags)}, true, "end.tags[0]"},
      {"tokens below nothing", {EndPart(bad_origin)}, true, "end.origin.prompt_tokens"},
  };
  for (const BadCase& bad : cases) {
    SCOPED_TRACE(bad.why);
    {
      RecordStream record(server);
      if (bad.started) record.Start(ref, LeaseTokenOf(server, ref));
      for (const v1::RecordRequest& part : bad.parts) record.Send(part);
      record.Close();
      const grpc::Status status = record.Finish();
      EXPECT_TRUE(NamesField(status, bad.field)) << status.error_code() << " " << status.error_message();
    }
    EXPECT_FALSE(Get(server, ref).has_hit());
    EXPECT_EQ(LeaseStatusOf(server.admin()).held(), 1) << "that of the other question";
  }
}

TEST(RecordTest, BytesThatAreNoMessageAreSaidToBeThat) {
  RunningServer server;
  grpc::GenericStub stub(server.channel());
  grpc::CompletionQueue queue;
  const auto context = Patient();
  auto call = stub.PrepareCall(context.get(), "/paracle.cache.v1.CacheService/Record", &queue);
  void* tag;
  bool ok;
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  const grpc::Slice garbage(std::string("\xff\xff\xff"));
  call->Write(grpc::ByteBuffer(&garbage, 1), nullptr);
  queue.Next(&tag, &ok);
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_TRUE(HasReason(status, "MALFORMED_REQUEST"));
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) continue;
}

TEST(RecordTest, AnAnswerOverTheLimitIsRefusedAndItsLeaseGoesBack) {
  RunningServer server(Overrides{{"MAX_ENTRY_BYTES", "1000"}});
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  record.Chunk(std::string(600, 'x'));
  FollowStream follow(server, ref);
  ASSERT_TRUE(follow.ReadUntil(600));
  record.Chunk(std::string(600, 'x'));
  const grpc::Status status = record.Finish();
  EXPECT_TRUE(NamesField(status, "chunk")) << status.error_message();
  EXPECT_TRUE(HasReason(status, "ENTRY_TOO_LARGE"));
  EXPECT_EQ(follow.ReadAll().error_code(), grpc::StatusCode::ABORTED);
  EXPECT_FALSE(follow.ended);
  EXPECT_TRUE(AskForLease(server, ref).has_lease());
}

TEST(RecordTest, WithoutRoomTheLeaseStaysAndSetStoresTheAnswer) {
  RunningServer server(Overrides{{"RECORDING_BYTES", "1000"}});
  const v1::EntryRef ref = RefOf('a');
  const std::string token = LeaseTokenOf(server, ref);
  RecordStream record(server);
  record.Start(ref, token);
  record.Chunk(std::string(900, 'x'));
  const grpc::Status status = record.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_TRUE(HasReason(status, "TOO_MANY_RECORDINGS"));
  EXPECT_EQ(status.error_details().find("RetryInfo"), std::string::npos);
  EXPECT_TRUE(AskForLease(server, ref).has_pending());
  v1::SetRequest set = SetOf(ref, "whole");
  set.set_fill_token(token);
  v1::SetResponse stored;
  EXPECT_TRUE(server.cache().Set(Patient().get(), set, &stored).ok());
  EXPECT_EQ(Get(server, ref).hit().payload(), "whole");
}

TEST(RecordTest, WhoDoesNotHoldTheLeaseIsRefused) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  const std::string token = LeaseTokenOf(server, ref);
  v1::ReleaseLeaseRequest release;
  *release.mutable_entry() = ref;
  release.set_fill_token(token);
  v1::ReleaseLeaseResponse released;
  ASSERT_TRUE(server.cache().ReleaseLease(Patient().get(), release, &released).ok());
  RecordStream record(server);
  record.Start(ref, token);
  const grpc::Status status = record.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << status.error_message();
  EXPECT_TRUE(HasReason(status, "LEASE_LOST"));
}

TEST(RecordTest, P3_WhatWasInvalidatedMeanwhileIsRefused) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  record.Chunk("old");
  FollowStream before(server, ref);
  ASSERT_TRUE(before.ReadUntil(3));
  v1::ClearResponse cleared;
  ASSERT_TRUE(server.cache().Clear(Patient().get(), v1::ClearRequest(), &cleared).ok());
  EXPECT_EQ(FollowStream(server, ref).ReadAll().error_code(), grpc::StatusCode::ABORTED);
  const grpc::Status status = record.EndAndFinish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(HasReason(status, "STALE_FILL_TOKEN"));
  EXPECT_TRUE(before.ReadAll().ok());
  EXPECT_TRUE(before.ended);
  EXPECT_FALSE(before.end.has_create_time());
  EXPECT_FALSE(Get(server, ref).has_hit());
}

TEST(RecordTest, ARecorderThatGoesTellsItsReadersAndTheNextCallerIsGivenTheLease) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(server, ref);
  record.Chunk("half");
  FollowStream follow(server, ref);
  ASSERT_TRUE(follow.ReadUntil(4));
  Waiters waiters(&server.cache());
  Waiters::Call& waiting = waiters.Ask(LeaseGet(ref, absl::Seconds(50)));
  ASSERT_TRUE(BecomesTrue([&] { return LeaseStatusOf(server.admin()).waiting() == 1; }));
  record.Cancel();
  const grpc::Status status = follow.ReadAll();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED) << status.error_message();
  EXPECT_TRUE(HasReason(status, "NOT_RECORDING"));
  waiters.WaitForAll();
  EXPECT_TRUE(waiting.response.has_lease());
  EXPECT_EQ(LeaseStatusOf(server.admin()).recordings(), 0);
  EXPECT_TRUE(HasFollowers(server, 0));
}

TEST(RecordTest, ARecorderWhoseDeadlinePassesHasGivenUp) {
  RunningServer server;
  const v1::EntryRef ref = RefOf('a');
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  v1::RecordResponse response;
  const std::string token = LeaseTokenOf(server, ref);
  auto writer = server.cache().Record(&context, &response);
  writer->Write(StartPart(ref, token));
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(BecomesTrue([&] { return AskForLease(server, ref).has_lease(); }));
}

TEST(RecordTest, WithTheCacheSwitchedOffNobodyRecordsOrFollows) {
  RunningServer on;
  RunningServer off(Overrides{{"ENABLED", "false"}});
  const v1::EntryRef ref = RefOf('a');
  RecordStream record(off);
  record.Start(ref, LeaseTokenOf(on, ref));
  const grpc::Status status = record.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(HasReason(status, "LEASE_LOST"));
  const grpc::Status followed = FollowStream(off, ref).ReadAll();
  EXPECT_EQ(followed.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_TRUE(HasReason(followed, "NOT_RECORDING"));
}

// Many answers at once by many callers, some of whom go in the middle.
TEST(RecordTest, ManyRecordersAtOnceLeaveNothingBehind) {
  RunningServer server;
  std::vector<std::thread> recorders;
  for (int recorder = 0; recorder < 8; ++recorder) {
    recorders.emplace_back([&, recorder] {
      for (int i = 0; i < 20; ++i) {
        const v1::EntryRef ref = RefOf(static_cast<char>(recorder * 20 + i));
        RecordStream record(server, ref);
        FollowStream follow(server, ref);
        for (int chunk = 0; chunk < 10; ++chunk) record.Chunk("a chunk;");
        if (i % 2 == 0) {
          // Before its start has come, there is nothing that could break off.
          EXPECT_TRUE(follow.ReadStart());
          record.Cancel();
          EXPECT_EQ(follow.ReadAll().error_code(), grpc::StatusCode::ABORTED);
        } else {
          EXPECT_TRUE(record.EndAndFinish().ok());
          EXPECT_TRUE(follow.ReadAll().ok());
          EXPECT_EQ(follow.text.size(), 80u);
        }
      }
    });
  }
  for (std::thread& recorder : recorders) recorder.join();
  EXPECT_TRUE(BecomesTrue([&] {
    const v1::LeaseStatus status = LeaseStatusOf(server.admin());
    return status.recordings() == 0 && status.followers() == 0 && status.held() == 0;
  }));
}

}  // namespace
}  // namespace paracle::service

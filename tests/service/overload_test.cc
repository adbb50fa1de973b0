// What the server does when more is asked than it takes on, or later than anybody waits.
#include <atomic>
#include <chrono>
#include <thread>

#include "gtest/gtest.h"
#include "tests/service/held_cache.h"
#include "tests/service/raw_http2.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;

v1::GetRequest AnyGet() {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a');
  return request;
}

// Gets that the cache holds, each answered on a thread of its own.
class HeldGets {
 public:
  HeldGets(RunningServer& server, HeldCache& cache, int count) : cache_(cache) {
    for (int i = 0; i < count; ++i) {
      callers_.emplace_back([this, &server] {
        v1::GetResponse response;
        ok_ += server.cache().Get(Patient().get(), AnyGet(), &response).ok() ? 1 : 0;
      });
    }
    cache_.WaitUntilAsked(count);
  }

  int ReleaseAndCountOk() {
    cache_.ReleaseAll();
    for (std::thread& caller : callers_) caller.join();
    return ok_;
  }

 private:
  HeldCache& cache_;
  std::vector<std::thread> callers_;
  std::atomic<int> ok_ = 0;
};

TEST(OverloadTest, CallsBeyondTheLimitAreRefusedWithRetryInfoAndTheOthersAnswered) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"MAX_IN_FLIGHT", "5"}});
  HeldGets held(server, cache, 5);
  v1::GetResponse response;
  const grpc::Status status = server.cache().Get(Patient().get(), AnyGet(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(status.error_details().find("OVERLOADED"), std::string::npos);
  EXPECT_NE(status.error_details().find("google.rpc.RetryInfo"), std::string::npos);
  EXPECT_EQ(cache.asked(), 5);
  EXPECT_EQ(held.ReleaseAndCountOk(), 5);
  EXPECT_TRUE(server.cache().Get(Patient().get(), AnyGet(), &response).ok());
}

TEST(OverloadTest, MoreCallsThanArmedSlotsAreAllInFlightAtOnce) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"THREADS", "1"}});
  constexpr int kCalls = 150;  // Over twice what is armed.
  HeldGets held(server, cache, kCalls);
  EXPECT_EQ(held.ReleaseAndCountOk(), kCalls);
}

TEST(OverloadTest, HeldLookupsDoNotKeepOthersWaiting) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"THREADS", "1"}});
  HeldGets held(server, cache, 3);
  v1::SetResponse response;
  EXPECT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf('a'), "x"), &response).ok());
  EXPECT_EQ(held.ReleaseAndCountOk(), 3);
}

TEST(OverloadTest, LongInvalidateBlocksNoLookupAndTooManyOfThemAreRefused) {
  HeldCache cache;
  RunningServer server(&cache, {});
  std::vector<std::thread> callers;
  std::atomic<int> refused = 0;
  std::atomic<int> done = 0;
  const auto clear = [&] {
    v1::ClearResponse response;
    const grpc::Status status = server.cache().Clear(Patient().get(), {}, &response);
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) ++refused;
    if (status.ok()) ++done;
  };
  // One runs, 64 wait.
  callers.emplace_back(clear);
  cache.WaitUntilAsked(1);
  for (int i = 0; i < 64 + 5; ++i) callers.emplace_back(clear);
  while (refused < 5) std::this_thread::yield();
  v1::SetResponse response;
  EXPECT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf('a'), "x"), &response).ok());
  cache.ReleaseAll();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 65);
  EXPECT_EQ(refused, 5);
}

TEST(OverloadTest, InvalidateWhoseDeadlinePassedWhileItWaitedIsNotWorkedOn) {
  HeldCache cache;
  RunningServer server(&cache, {});
  std::thread first([&] {
    v1::ClearResponse response;
    EXPECT_TRUE(server.cache().Clear(Patient().get(), {}, &response).ok());
  });
  cache.WaitUntilAsked(1);
  grpc::ClientContext hurried;
  hurried.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  v1::ClearResponse response;
  const auto deadline = hurried.deadline();
  EXPECT_EQ(server.cache().Clear(&hurried, {}, &response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // The deadline travels as what is left of it, so the server's is a little later than ours.
  std::this_thread::sleep_until(deadline + std::chrono::milliseconds(500));
  cache.ReleaseAll();
  first.join();
  // A third one shows that the worker is past the second.
  EXPECT_TRUE(server.cache().Clear(Patient().get(), {}, &response).ok());
  EXPECT_EQ(cache.asked(), 2);
}

TEST(OverloadTest, LookupWhoseDeadlinePassedBeforeItsTurnIsAnsweredSoAndNotWorkedOn) {
  HeldCache cache;
  cache.hold_sets = true;
  RunningServer server(&cache, Overrides{{"THREADS", "1"}});
  v1::SetResponse stored;
  std::thread holder([&] { EXPECT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf('a'), "x"), &stored).ok()); });
  cache.WaitUntilAsked(1);
  // A peer without a clock of its own: what it reads is the server's answer.
  RawHttp2 peer(server.port());
  const std::string get = AnyGet().SerializeAsString();
  peer.Data(peer.OpenStream("/paracle.cache.v1.CacheService/Get", false, "50m"),
            MessagePrefix(static_cast<uint32_t>(get.size())) + get, true);
  const auto answer = peer.ReadUntil(RawHttp2::Frame::kHeaders);
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->payload.find("grpc-status\x01"
                                 "4"),
            std::string::npos);
  cache.ReleaseAll();
  holder.join();
  // The queue takes calls in their order, so after this one the late one has had its turn.
  v1::GetResponse response;
  EXPECT_TRUE(server.cache().Get(Patient().get(), AnyGet(), &response).ok());
  EXPECT_EQ(cache.asked(), 2);
}

TEST(OverloadTest, MessageOverTheLimitIsResourceExhausted) {
  RunningServer server;
  v1::SetResponse response;
  const grpc::Status status =
      server.cache().Set(Patient().get(), SetOf(RefOf('a'), std::string(5 << 20, 'x')), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(OverloadTest, PayloadOverTheEntryLimitIsRefusedByName) {
  RunningServer server;
  v1::SetResponse response;
  const grpc::Status status =
      server.cache().Set(Patient().get(), SetOf(RefOf('a'), std::string((3 << 20) + 1, 'x')), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "payload: is 3145729 bytes; at most 3145728 are accepted");
  EXPECT_NE(status.error_details().find("ENTRY_TOO_LARGE"), std::string::npos);
}

TEST(OverloadTest, RaisedEntryLimitRaisesTheMessageLimit) {
  RunningServer server(Overrides{{"MAX_ENTRY_BYTES", "8MiB"}});
  v1::SetResponse response;
  EXPECT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf('a'), std::string(8 << 20, 'x')), &response).ok());
}

TEST(OverloadTest, MetadataOverTheLimitIsResourceExhausted) {
  RunningServer server;
  const auto get_with = [&server](size_t bytes) {
    const auto context = Patient();
    context->AddMetadata("x-large", std::string(bytes, 'm'));
    v1::GetResponse response;
    return server.cache().Get(context.get(), AnyGet(), &response);
  };
  // Over gRPC's own limit of 8 KiB, under ours of 16.
  EXPECT_TRUE(get_with(12'000).ok());
  const grpc::Status status = get_with(20'000);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(status.error_message().find("metadata"), std::string::npos) << status.error_message();
  v1::GetResponse response;
  // gRPC may close the connection over it; others are not affected.
  grpc::ChannelArguments apart;
  apart.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto other =
      v1::CacheService::NewStub(grpc::CreateCustomChannel(server.address(), grpc::InsecureChannelCredentials(), apart));
  EXPECT_TRUE(other->Get(Patient().get(), AnyGet(), &response).ok());
}

}  // namespace
}  // namespace paracle::service

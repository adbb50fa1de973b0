// What probes and grpcurl ask, in bytes: Debian has no C++ classes for grpc/health, and one field needs none.
#include <chrono>
#include <string>
#include <thread>

#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;

constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
constexpr char kCacheService[] = "paracle.cache.v1.CacheService";

// HealthCheckResponse.status
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

std::string HealthRequest(const std::string& service) {
  return service.empty() ? "" : "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
}

std::string TextOf(const grpc::ByteBuffer& bytes) {
  grpc::Slice joined;
  if (!bytes.DumpToSingleSlice(&joined).ok()) return "";
  return std::string(reinterpret_cast<const char*>(joined.begin()), joined.size());
}

// A health Watch stream, read one status after the other.
class HealthWatch {
 public:
  HealthWatch(const std::shared_ptr<grpc::Channel>& channel, const std::string& service)
      : stub_(channel), context_(Patient()) {
    stream_ = stub_.PrepareCall(context_.get(), "/grpc.health.v1.Health/Watch", &queue_);
    stream_->StartCall(nullptr);
    Wait();
    const std::string request = HealthRequest(service);
    const grpc::Slice slice(request);
    stream_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    Wait();
  }

  ~HealthWatch() {
    context_->TryCancel();
    grpc::Status status;
    stream_->Finish(&status, nullptr);
    Wait();
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) continue;
  }

  // Empty: the stream has ended.
  std::string Next() {
    grpc::ByteBuffer response;
    stream_->Read(&response, nullptr);
    return Wait() ? TextOf(response) : "";
  }

 private:
  bool Wait() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

TEST(HealthTest, ServerAndItsCacheServiceAreServingAndOthersNotKnown) {
  RunningServer server;
  for (const std::string service : {"", kCacheService}) {
    const auto [status, response] = server.CallPath(kHealthCheck, HealthRequest(service));
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(response, kServing) << service;
  }
  EXPECT_EQ(server.CallPath(kHealthCheck, HealthRequest("other")).first.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(HealthTest, NotServingIsToldDuringTheDrainDelayWhileCallsAreAnswered) {
  RunningServer server(Overrides{{"DRAIN_DELAY", "3s"}});
  HealthWatch whole(server.channel(), "");
  HealthWatch service(server.channel(), kCacheService);
  EXPECT_EQ(whole.Next(), kServing);
  EXPECT_EQ(service.Next(), kServing);
  const auto start = std::chrono::steady_clock::now();
  std::thread drain([&] { server.server().Drain(); });
  EXPECT_EQ(whole.Next(), kNotServing);
  EXPECT_EQ(service.Next(), kNotServing);
  EXPECT_EQ(server.CallPath(kHealthCheck, HealthRequest(kCacheService)).second, kNotServing);
  v1::SetResponse response;
  EXPECT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf('a'), "x"), &response).ok());
  drain.join();
  // The watchers never went away; they are not waited for either: 3 s of delay, one of quiet.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took.count(), 3.0);
  EXPECT_LT(took.count(), 8.0);
}

TEST(ReflectionTest, ListsTheServicesWhenItIsOn) {
  RunningServer server;
  const auto [status, response] = server.CallPath(kReflection, "\x3a\x01*");  // list_services: "*"
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (const char* service : {kCacheService, "paracle.cache.v1.AdminService", "grpc.health.v1.Health"}) {
    EXPECT_NE(response.find(service), std::string::npos) << service;
  }
}

constexpr char kReflectionV1[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

// A request that asks one thing, by its field.
std::string Ask(int field, const std::string& text) {
  return std::string(1, static_cast<char>(field << 3 | 2)) + static_cast<char>(text.size()) + text;
}

// ErrorResponse { error_code = 1 } in a response's field 7.
bool SaysError(const std::string& response, int code) {
  return response.find(std::string("\x08") + static_cast<char>(code)) != std::string::npos &&
         response.find('\x3a') != std::string::npos;
}

TEST(ReflectionTest, BothVersionsGiveTheFileOfASymbolAndWhatItImports) {
  RunningServer server;
  for (const char* version : {kReflection, kReflectionV1}) {
    for (const std::string symbol : {kCacheService, "paracle.cache.v1.CacheService.Get", "paracle.cache.v1.Hit"}) {
      const auto [status, response] = server.CallPath(version, Ask(4, symbol));
      ASSERT_TRUE(status.ok()) << status.error_message();
      for (const char* part : {"paracle/cache/v1/cache.proto", "google/protobuf/duration.proto", "FollowResponse"}) {
        EXPECT_NE(response.find(part), std::string::npos) << version << " " << symbol << ": " << part;
      }
    }
  }
}

TEST(ReflectionTest, GivesAFileByItsName) {
  RunningServer server;
  const auto [status, response] = server.CallPath(kReflectionV1, Ask(3, "paracle/cache/v1/admin.proto"));
  ASSERT_TRUE(status.ok());
  EXPECT_NE(response.find("GetStatsResponse"), std::string::npos);
}

TEST(ReflectionTest, WhatIsNotKnownOrCannotBeReadIsAnErrorInTheAnswer) {
  RunningServer server;
  for (const std::string& request : {Ask(3, "no/such.proto"), Ask(4, "no.such.Symbol"), Ask(6, "no.such.Type"),
                                     Ask(5, "\x0a\x03" "a.b" "\x10\x07")}) {
    const auto [status, response] = server.CallPath(kReflectionV1, request);
    ASSERT_TRUE(status.ok());
    EXPECT_TRUE(SaysError(response, 5)) << "NOT_FOUND";
  }
  for (const std::string& request : {std::string("\x1a\x7f"), std::string()}) {
    const auto [status, response] = server.CallPath(kReflectionV1, request);
    ASSERT_TRUE(status.ok());
    EXPECT_TRUE(SaysError(response, 3)) << "INVALID_ARGUMENT";
  }
}

TEST(ReflectionTest, WhatCannotBeReadIsNotSentBack) {
  RunningServer server;
  for (const std::string& request :
       {std::string("\x1a\x7f"), std::string(1, '\0'), std::string("\x2a\x03\x0a\x09" "a"), std::string("\x0b\x0c"),
        Ask(4, "\xff\xfe"), Ask(1, "\xff\xfe") + Ask(7, "*"), Ask(5, "\x0a\x01\xff")}) {
    const auto [status, response] = server.CallPath(kReflectionV1, request);
    ASSERT_TRUE(status.ok());
    // error_response { error_code: 3, error_message: ... } and nothing before it.
    EXPECT_EQ(response.substr(0, 1), "\x3a");
    EXPECT_EQ(response.substr(2, 2), "\x08\x03");
  }
}

TEST(ReflectionTest, WhatWasAskedIsSentBackWithoutFieldsThatNobodyKnows) {
  RunningServer server;
  const std::string known = Ask(1, "host") + Ask(5, "\x0a\x03" "a.b" "\x10\x07");
  const auto [status, response] = server.CallPath(kReflectionV1, Ask(10, "x") + known);
  ASSERT_TRUE(status.ok());
  const std::string original = Ask(2, known);
  EXPECT_EQ(response.substr(0, original.size()), original);
}

TEST(ReflectionTest, AStreamAsksManyThingsAndHoldsUpNoDrainWhenItIsIdle) {
  RunningServer server;
  grpc::GenericStub stub(server.channel());
  const auto context = Patient();
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto stream = stub.PrepareCall(context.get(), kReflectionV1, &queue);
  stream->StartCall(nullptr);
  ASSERT_TRUE(wait());
  const std::string request = Ask(7, "*");
  const grpc::Slice slice(request);
  for (int i = 0; i < 1000; ++i) {
    grpc::ByteBuffer response;
    stream->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    ASSERT_TRUE(wait());
    stream->Read(&response, nullptr);
    ASSERT_TRUE(wait());
    ASSERT_NE(TextOf(response).find(kCacheService), std::string::npos);
  }
  const auto start = std::chrono::steady_clock::now();
  server.server().Drain();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 8.0) << "the drain timeout is 10 s";
  grpc::Status status;
  stream->Finish(&status, nullptr);
  wait();
  EXPECT_FALSE(status.ok());
  queue.Shutdown();
  void* tag;
  bool ok;
  while (queue.Next(&tag, &ok)) continue;
}

TEST(ReflectionTest, IsUnimplementedWhenItIsOff) {
  RunningServer server(Overrides{{"REFLECTION", "false"}});
  for (const char* version : {kReflection, kReflectionV1}) {
    EXPECT_EQ(server.CallPath(version, "\x3a\x01*").first.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
}

}  // namespace
}  // namespace paracle::service

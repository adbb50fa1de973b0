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

TEST(ReflectionTest, IsUnimplementedWhenItIsOff) {
  RunningServer server(Overrides{{"REFLECTION", "false"}});
  EXPECT_EQ(server.CallPath(kReflection, "\x3a\x01*").first.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace paracle::service

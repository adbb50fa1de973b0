// What one connection may do, and how it ends when it does more or grows old.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/service/held_cache.h"
#include "tests/service/raw_http2.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using Frame = RawHttp2::Frame;

constexpr char kGetPath[] = "/paracle.cache.v1.CacheService/Get";

v1::GetRequest AnyGet() {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a');
  return request;
}

// A whole message of a request, as DATA carries it.
std::string Framed(const v1::GetRequest& request) {
  const std::string bytes = request.SerializeAsString();
  return MessagePrefix(static_cast<uint32_t>(bytes.size())) + bytes;
}

// SETTINGS are pairs of a 16-bit name and a 32-bit value, big-endian.
bool HasSetting(const std::string& payload, int name, uint32_t value) {
  const auto big_endian = [&payload](size_t at, size_t size) {
    uint32_t out = 0;
    for (size_t i = at; i < at + size; ++i) out = out << 8 | static_cast<uint8_t>(payload[i]);
    return out;
  };
  for (size_t at = 0; at + 6 <= payload.size(); at += 6) {
    if (big_endian(at, 2) == static_cast<uint32_t>(name)) return big_endian(at + 2, 4) == value;
  }
  return false;
}

TEST(ConnectionLimitsTest, CallsBeyondMaxStreamsWaitInTheClientAndAreAllAnswered) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"MAX_STREAMS", "3"}});
  // The channel must have read the limit before many calls start at once.
  ASSERT_TRUE(server.admin().GetConfig(Patient().get(), {}, std::make_unique<v1::GetConfigResponse>().get()).ok());
  std::atomic<int> ok = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      v1::GetResponse response;
      ok += server.cache().Get(Patient().get(), AnyGet(), &response).ok() ? 1 : 0;
    });
  }
  cache.WaitUntilAsked(3);
  // A call on the same connection gets no turn while three are held.
  grpc::ClientContext hurried;
  hurried.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  v1::GetConfigResponse config;
  EXPECT_EQ(server.admin().GetConfig(&hurried, {}, &config).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(cache.asked(), 3);
  cache.ReleaseAll();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(ok, 8);
}

TEST(ConnectionLimitsTest, ClientThatIgnoresMaxStreamsLosesItsConnection) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"MAX_STREAMS", "3"}});
  RawHttp2 client(server.port());
  const auto settings = client.ReadUntil(Frame::kSettings);
  ASSERT_TRUE(settings);
  constexpr int kMaxConcurrentStreams = 3;
  EXPECT_TRUE(HasSetting(settings->payload, kMaxConcurrentStreams, 3));
  client.AckSettings();
  const auto send_get = [&client] { client.Data(client.OpenStream(kGetPath, false), Framed(AnyGet()), true); };
  for (int i = 0; i < 3; ++i) send_get();
  cache.WaitUntilAsked(3);
  send_get();
  EXPECT_TRUE(client.WaitForHangUp());
  EXPECT_EQ(cache.asked(), 3);
  cache.ReleaseAll();
  v1::GetResponse response;
  EXPECT_TRUE(server.cache().Get(Patient().get(), AnyGet(), &response).ok());
}

TEST(ConnectionLimitsTest, ClientThatPingsTooOftenIsToldToGo) {
  RunningServer server;
  RawHttp2 client(server.port());
  for (int i = 0; i < 10; ++i) client.Ping();
  const auto goaway = client.ReadUntil(Frame::kGoaway);
  ASSERT_TRUE(goaway);
  EXPECT_NE(goaway->payload.find("too_many_pings"), std::string::npos) << goaway->payload;
}

TEST(ConnectionLimitsTest, OldConnectionsAreToldToGoAndNoCallFails) {
  RunningServer server(Overrides{{"MAX_CONNECTION_AGE", "1s"}});
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0;
  std::thread caller([&] {
    while (!stop) {
      v1::GetResponse response;
      const grpc::Status status = server.cache().Get(Patient().get(), AnyGet(), &response);
      EXPECT_TRUE(status.ok()) << status.error_code() << ": " << status.error_message();
      ++answered;
    }
  });
  while (answered < 1) std::this_thread::yield();
  // The caller's connection is older than the first of these, so by the end of the second it has had to reconnect.
  for (int i = 0; i < 2; ++i) {
    RawHttp2 client(server.port());
    EXPECT_TRUE(client.ReadUntil(Frame::kGoaway));
  }
  const int before = answered;
  while (answered < before + 10) std::this_thread::yield();
  stop = true;
  caller.join();
}

}  // namespace
}  // namespace paracle::service

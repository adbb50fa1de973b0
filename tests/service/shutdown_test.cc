// How a server ends: with calls armed, with calls under way, and with clients that do not stop.
#include <atomic>
#include <chrono>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "service/drain.h"
#include "tests/service/held_cache.h"
#include "tests/service/raw_http2.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;

grpc::Status GetOnce(RunningServer& server) {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a');
  v1::GetResponse response;
  return server.cache().Get(Patient().get(), request, &response);
}

// With a deadline of its own, for gRPC 1.51 forgets a call that comes in the very moment of the shutdown (server.h).
grpc::Status SetSoon(v1::CacheService::Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  v1::SetResponse response;
  return stub.Set(&context, SetOf(RefOf('b'), "x"), &response);
}

// Drains, and holds it to far less than the 10 s of drain_timeout: a quiet second, and room for a loaded machine.
void ExpectDrainsEarly(RunningServer& server) {
  const auto start = std::chrono::steady_clock::now();
  server.server().Drain();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 5.0);
}

// A peer that the server knows, and that answers no ping.
RawHttp2 SilentPeer(RunningServer& server) {
  RawHttp2 peer(server.port());
  EXPECT_TRUE(peer.ReadUntil(RawHttp2::Frame::kSettings));
  return peer;
}

TEST(ShutdownTest, ServerThatNeverGotACallEnds) {
  RunningServer server;
  server.server().Drain();
}

TEST(ShutdownTest, ServerThatIsDestroyedWithoutDrainEnds) { RunningServer server; }

TEST(ShutdownTest, CallUnderWayIsAnsweredBeforeTheServerEnds) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"DRAIN_TIMEOUT", "60s"}});
  grpc::Status status;
  std::thread caller([&] { status = GetOnce(server); });
  cache.WaitUntilAsked(1);
  std::thread drain([&] { server.server().Drain(); });
  // A new connection is refused once the drain has begun; the call of before goes on.
  const auto channel = grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
  const auto latecomer = v1::CacheService::NewStub(channel);
  while (SetSoon(*latecomer).ok()) continue;
  cache.ReleaseAll();
  caller.join();
  drain.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(ShutdownTest, CallThatOutlastsTheDrainTimeoutIsCancelledAndTheServerWaitsForItsTier) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"DRAIN_TIMEOUT", "1ms"}});
  grpc::Status status;
  std::thread caller([&] { status = GetOnce(server); });
  cache.WaitUntilAsked(1);
  std::thread drain([&] { server.server().Drain(); });
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  // The tier answers a call that is gone: nobody may be hurt.
  cache.ReleaseAll();
  drain.join();
}

TEST(ShutdownTest, InvalidateUnderWayIsAnsweredBeforeTheServerEnds) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"DRAIN_TIMEOUT", "60s"}});
  grpc::Status status;
  std::thread caller([&] {
    v1::ClearResponse response;
    status = server.cache().Clear(Patient().get(), v1::ClearRequest(), &response);
  });
  cache.WaitUntilAsked(1);
  std::thread drain([&] { server.server().Drain(); });
  cache.ReleaseAll();
  caller.join();
  drain.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(ShutdownTest, InvalidateThatOutlastsTheDrainTimeoutIsCancelledAndTheServerWaitsForItsTier) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"DRAIN_TIMEOUT", "1ms"}});
  grpc::Status status;
  std::thread caller([&] {
    v1::ClearResponse response;
    status = server.cache().Clear(Patient().get(), v1::ClearRequest(), &response);
  });
  cache.WaitUntilAsked(1);
  std::thread drain([&] { server.server().Drain(); });
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  cache.ReleaseAll();
  drain.join();
}

TEST(ShutdownTest, PeerThatAnswersNoPingIsNotWaitedFor) {
  RunningServer server;
  RawHttp2 peer = SilentPeer(server);
  ExpectDrainsEarly(server);
  // It was told to go before it was cut off.
  EXPECT_TRUE(peer.ReadUntil(RawHttp2::Frame::kGoaway));
}

TEST(ShutdownTest, HalfARequestIsNotWaitedFor) {
  RunningServer server;
  RawHttp2 peer = SilentPeer(server);
  peer.Data(peer.OpenStream("/paracle.cache.v1.CacheService/Set", false), MessagePrefix(100) + "0123456789", false);
  peer.Data(peer.OpenStream("/paracle.cache.v1.CacheService/Clear", false), MessagePrefix(100) + "0123456789", false);
  peer.OpenStream("/paracle.cache.v1.CacheService/Get", false);
  ExpectDrainsEarly(server);
}

// With a silent peer beside it, so that it is our own count that keeps the server waiting.
TEST(ShutdownTest, CallsInFlightAreWaitedForLongerThanTheQuietThatEndsADrain) {
  for (const bool clear : {false, true}) {
    HeldCache cache;
    RunningServer server(&cache, Overrides{{"DRAIN_TIMEOUT", "60s"}});
    RawHttp2 peer = SilentPeer(server);
    grpc::Status status;
    std::thread caller([&] {
      v1::ClearResponse response;
      status = clear ? server.cache().Clear(Patient().get(), v1::ClearRequest(), &response) : GetOnce(server);
    });
    cache.WaitUntilAsked(1);
    std::thread drain([&] { server.server().Drain(); });
    // The goodbye says that the drain has begun.
    EXPECT_TRUE(peer.ReadUntil(RawHttp2::Frame::kGoaway));
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(2 * kDrainQuiet));
    cache.ReleaseAll();
    caller.join();
    EXPECT_TRUE(status.ok()) << (clear ? "Clear: " : "Get: ") << status.error_message();
    drain.join();
  }
}

// Eight rounds, because what can go wrong here is a race; each with calls armed, in flight and arriving.
TEST(ShutdownTest, ServersEndUnderLoadAndFailNoCallButByUnavailableOrCancelled) {
  for (int round = 0; round < 8; ++round) {
    RunningServer server;
    std::atomic<bool> stop = false;
    std::atomic<int> answered = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] {
        while (!stop) {
          const grpc::Status status = GetOnce(server);
          if (status.ok()) {
            ++answered;
            continue;
          }
          EXPECT_THAT(status.error_code(), testing::AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED))
              << status.error_message();
        }
      });
    }
    while (answered < 50) std::this_thread::yield();
    ExpectDrainsEarly(server);
    stop = true;
    for (std::thread& caller : callers) caller.join();
  }
}

}  // namespace
}  // namespace paracle::service

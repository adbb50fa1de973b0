// Client against a real server that is slow, frozen, killed, full: bounded answers, and back when it is well again.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/redis/spawned_redis.h"
#include "tests/redis/test_client.h"
#include "tests/support/free_port.h"

namespace paracle::cachecore::redis {
namespace {

using support::FreePort;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The product's own timeout, where a test is about impatience.
ClientOptions Impatient(const std::string& url) {
  ClientOptions options = OptionsFor(url);
  options.operation_timeout = absl::Milliseconds(50);
  options.connect_timeout = absl::Seconds(1);
  options.liveness = absl::Milliseconds(500);
  return options;
}

// Answers of many commands in flight.
struct Tally {
  std::atomic<int> answered = 0;
  std::atomic<int> right = 0;
  std::atomic<int> wrong = 0;
  std::atomic<int> timeouts = 0;
  std::atomic<int> unavailable = 0;
  std::atomic<int64_t> slowest_ms = 0;
};

void SendEcho(Client& client, const std::string& text, Tally& tally) {
  const auto begin = Clock::now();
  client.Send(Lane::kData, {"ECHO", text}, absl::Seconds(20), [&tally, text, begin](absl::StatusOr<Reply> reply) {
    const int64_t ms = (Clock::now() - begin) / milliseconds(1);
    if (ms > tally.slowest_ms) tally.slowest_ms = ms;
    if (reply.ok()) ++(reply->text == text ? tally.right : tally.wrong);
    if (absl::IsDeadlineExceeded(reply.status())) ++tally.timeouts;
    if (absl::IsUnavailable(reply.status())) ++tally.unavailable;
    ++tally.answered;
  });
}

TEST(SicknessRedisTest, LateRepliesAreDiscardedAndReachNobodyElse) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  ClientOptions options = Impatient(server.url());
  options.liveness = absl::Seconds(20);
  TestClient client(options);
  ASSERT_TRUE(client.BecomesAvailable());
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(client.BecomesAvailable());
    Tally asleep;
    client->Send(Lane::kControl, {"DEBUG", "SLEEP", "0.35"}, absl::Seconds(20), [](absl::StatusOr<Reply>) {});
    std::this_thread::sleep_for(milliseconds(20));
    for (int i = 0; i < 64; ++i) SendEcho(*client, absl::StrCat("asleep", round, ".", i), asleep);
    ASSERT_TRUE(Eventually([&] { return asleep.answered == 64; }));
    EXPECT_EQ(asleep.wrong, 0);
    EXPECT_GE(asleep.timeouts, 5) << "the breaker opens only then";
    EXPECT_LT(asleep.slowest_ms, 200);
    ASSERT_TRUE(client.BecomesAvailable(3));
    Tally awake;
    for (int i = 0; i < 64; ++i) SendEcho(*client, absl::StrCat("awake", round, ".", i), awake);
    ASSERT_TRUE(Eventually([&] { return awake.answered == 64; }));
    EXPECT_EQ(awake.wrong, 0);
  }
  EXPECT_GE(client->counters().late_replies, 15);
  EXPECT_EQ(client->counters().connects, 3) << "nobody was disconnected";
}

TEST(SicknessRedisTest, AKilledServerIsUnavailableAtOnceAndBackWithinTwoSeconds) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(Impatient(server.url()));
  ASSERT_TRUE(client.BecomesAvailable());
  ASSERT_EQ(client.Say({"SET", "k", "v"}), "+OK");
  Tally tally;
  for (int i = 0; i < 1000; ++i) SendEcho(*client, std::to_string(i), tally);
  server.Kill();
  ASSERT_TRUE(Eventually([&] { return tally.answered == 1000; }));
  EXPECT_EQ(tally.wrong, 0);
  ASSERT_TRUE(Eventually([&] { return !client->available(); }));
  EXPECT_EQ(client.Say({"GET", "k"}), "UNAVAILABLE");
  EXPECT_EQ(client.Say({"GET", "k"}, Lane::kControl), "UNAVAILABLE");
  std::this_thread::sleep_for(milliseconds(1500));
  const int control_connects = client.control_connects();
  server.Start();
  EXPECT_TRUE(Eventually([&] { return client->available() && client.control_connects() > control_connects; }, 2));
  EXPECT_EQ(client.Say({"GET", "k"}), "nil") << "a new server";
}

TEST(SicknessRedisTest, AFrozenServerCostsOneTimeoutUntilTheBreakerOpensAndThenNothing) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(Impatient(server.url()));
  ASSERT_TRUE(client.BecomesAvailable());
  server.Freeze();
  Tally first;
  for (int i = 0; i < 64; ++i) SendEcho(*client, std::to_string(i), first);
  ASSERT_TRUE(Eventually([&] { return first.answered == 64; }));
  EXPECT_EQ(first.timeouts, 64);
  EXPECT_LT(first.slowest_ms, 150);
  EXPECT_FALSE(client->available());
  Tally then;
  const auto begin = Clock::now();
  for (int i = 0; i < 10'000; ++i) SendEcho(*client, std::to_string(i), then);
  EXPECT_EQ(then.unavailable, 10'000) << "answered on the caller's thread";
  EXPECT_LT(Clock::now() - begin, milliseconds(1000));
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_FALSE(client->available());
  server.Thaw();
  EXPECT_TRUE(client.BecomesAvailable(2.5));
  EXPECT_EQ(client.Say({"ECHO", "again"}), "again");
  EXPECT_EQ(client->counters().circuit_opened, 1);
}

TEST(SicknessRedisTest, RefusedWritesDoNotMakeTheServerSick) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  ASSERT_EQ(client.Say({"SET", "k", "v"}), "+OK");
  ASSERT_EQ(client.Say({"CONFIG", "SET", "maxmemory", "1"}), "+OK");
  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.Say({"SET", "k", "w"}).substr(0, 4), "-OOM");
  EXPECT_TRUE(client->available());
  EXPECT_EQ(client.Say({"GET", "k"}), "v");
  ASSERT_EQ(client.Say({"CONFIG", "SET", "maxmemory", "0"}), "+OK");
  ASSERT_EQ(client.Say({"REPLICAOF", "127.0.0.1", "1"}), "+OK");
  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.Say({"SET", "k", "w"}).substr(0, 9), "-READONLY");
  EXPECT_TRUE(client->available());
}

TEST(SicknessRedisTest, LostPermissionOpensTheBreaker) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server({"--user", "bob", "on", ">pw", "allcommands", "allkeys"});
  TestClient admin(server.url());
  TestClient bob(absl::StrCat("redis://bob:pw@127.0.0.1:", server.port()));
  ASSERT_TRUE(admin.BecomesAvailable() && bob.BecomesAvailable());
  ASSERT_EQ(admin.Say({"ACL", "SETUSER", "bob", "-get"}), "+OK");
  for (int i = 0; i < 5; ++i) ASSERT_EQ(bob.Say({"GET", "k"}).substr(0, 7), "-NOPERM");
  EXPECT_EQ(bob->counters().circuit_opened, 1);
}

size_t EntriesOf(const char* directory) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(SicknessRedisTest, AnAbsentServerCostsNeitherDescriptorsNorThreads) {
  const std::string url = absl::StrCat("redis://localhost:", FreePort());
  ClientOptions options = Impatient(url);
  options.max_backoff = absl::Milliseconds(50);
  TestClient client(options);
  ASSERT_TRUE(Eventually([&] { return !client.told().empty(); }));
  const size_t descriptors = EntriesOf("/proc/self/fd");
  const size_t threads = EntriesOf("/proc/self/task");
  size_t most = 0;
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 200; ++k) ASSERT_EQ(client.Say({"GET", "k"}), "UNAVAILABLE");
    most = std::max(most, EntriesOf("/proc/self/fd"));
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_LE(most, descriptors + 3) << "one socket for each connection that is being tried";
  EXPECT_EQ(EntriesOf("/proc/self/task"), threads);
  EXPECT_THAT(client.told(), testing::ElementsAre("UNAVAILABLE"));
  EXPECT_EQ(client->counters().refused, 20'000);
}

TEST(SicknessRedisTest, TooMuchPendingIsRefused) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  ClientOptions options = OptionsFor(server.url());
  options.max_pending_commands = 10;
  options.max_pending_bytes = 40 << 20;
  TestClient client(options);
  ASSERT_TRUE(client.BecomesAvailable());
  server.Freeze();
  Tally tally;
  for (int i = 0; i < 10; ++i) SendEcho(*client, "x", tally);
  EXPECT_EQ(client.Say({"ECHO", "one too many"}), "RESOURCE_EXHAUSTED");
  server.Thaw();
  ASSERT_TRUE(Eventually([&] { return tally.answered == 10; }));
  EXPECT_EQ(tally.right, 10);

  server.Freeze();
  const std::string large(30 << 20, 'x');
  SendEcho(*client, large, tally);
  EXPECT_EQ(client.Say({"ECHO", large}), "RESOURCE_EXHAUSTED");
  server.Thaw();
  ASSERT_TRUE(Eventually([&] { return tally.answered == 11; }));
  EXPECT_EQ(client.Say({"ECHO", "room again"}), "room again");
}

}  // namespace
}  // namespace paracle::cachecore::redis

// Client against a real server that is well: commands, lanes, sizes, sockets, identities, ends.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/redis/spawned_redis.h"
#include "tests/redis/test_client.h"

namespace paracle::cachecore::redis {
namespace {

using ::testing::ElementsAre;

TEST(ConnectionRedisTest, GetsWhatWasSet) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"GET", "k"}), "nil");
  EXPECT_EQ(client.Say({"SET", "k", "value"}), "+OK");
  EXPECT_EQ(client.Say({"GET", "k"}), "value");
  EXPECT_EQ(client.Say({"GET", "k"}, Lane::kControl), "value");
  EXPECT_EQ(client.Say({"LPUSH", "k", "x"}), "-WRONGTYPE Operation against a key holding the wrong kind of value");
  const auto several = client.Call({"MGET", "k", "absent"});
  ASSERT_TRUE(several.ok() && several->is_array());
  EXPECT_EQ(several->elements.at(0).text, "value");
  EXPECT_TRUE(several->elements.at(1).is_nil());
  EXPECT_THAT(client.told(), ElementsAre("yes"));
  EXPECT_EQ(client->counters().error_replies, 1);
}

TEST(ConnectionRedisTest, EveryReplyReachesItsCommandFromAnyThread) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  constexpr int kThreads = 4;
  constexpr int kCalls = 3000;
  std::atomic<int> right = 0;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        // Sizes on both sides of what is read in place.
        const std::string text = absl::StrCat(t, ".", i, std::string(i % 100 == 0 ? 20'000 : i % 50, 'x'));
        client->Send(Lane::kData, {"ECHO", text}, absl::Seconds(20), [&, text](absl::StatusOr<Reply> reply) {
          if (reply.ok() && reply->text == text) ++right;
          ++answered;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(Eventually([&] { return answered == kThreads * kCalls; }, 30));
  EXPECT_EQ(right, kThreads * kCalls);
}

TEST(ConnectionRedisTest, DistrustMakesTheDataConnectionsAnewAndNoOther) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  ASSERT_TRUE(Eventually([&] { return client->counters().connects == 3; })) << "two for data, one for control";
  EXPECT_EQ(client.Say({"SET", "k", "value"}), "+OK");
  client->Distrust("a reply of another command");
  ASSERT_TRUE(Eventually([&] { return client->counters().connects == 5; }));
  EXPECT_EQ(client->counters().disconnects, 2);
  EXPECT_EQ(client.control_connects(), 1);
  ASSERT_TRUE(Eventually([&] { return client.Say({"GET", "k"}) == "value"; }));
}

// The lanes that nobody uses pause twice as long each time; in the last rounds, for minutes.
TEST(ConnectionRedisTest, WhenOneConnectionIsBackTheOthersDoNotPauseAnyLonger) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  ClientOptions options = OptionsFor(server.url());
  options.max_backoff = absl::Hours(1);
  TestClient client(options);
  for (int round = 1; round <= 12; ++round) {
    ASSERT_TRUE(Eventually([&] { return client->counters().connects == 3 * round; })) << round;
    ASSERT_TRUE(client.BecomesAvailable());
    (void)client.Call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"});
    ASSERT_TRUE(Eventually([&] { return client->counters().disconnects == 3 * round; })) << round;
  }
}

TEST(ConnectionRedisTest, RepliesOfTheControlLaneComeInTheOrderOfTheCommands) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  std::vector<int64_t> seen;  // By the client's thread alone, until the last.
  std::promise<void> last;
  for (int i = 1; i <= 1000; ++i) {
    client->Send(Lane::kControl, Command{"INCR", "n"}, absl::Seconds(20), [&, i](absl::StatusOr<Reply> reply) {
      seen.push_back(reply.ok() ? reply->integer : -1);
      if (i == 1000) last.set_value();
    });
  }
  last.get_future().wait();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(seen[i], i + 1);
}

// Neither side can take 32 MiB into its socket buffers: a client that did not read while it writes would hang.
void ExchangeLargeValues(ClientOptions options) {
  options.data_connections = 1;
  TestClient client(std::move(options));
  ASSERT_TRUE(client.BecomesAvailable());
  const std::string large(32 << 20, 'L');
  ASSERT_EQ(client.Say({"SET", "first", large}), "+OK");
  std::atomic<int> right = 0;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 3; ++i) {
    client->Send(Lane::kData, {"GET", "first"}, absl::Seconds(20), [&](absl::StatusOr<Reply> reply) {
      if (reply.ok() && reply->text == large) ++right;
      ++answered;
    });
    client->Send(Lane::kData, {"SET", absl::StrCat("k", i), large}, absl::Seconds(20),
                 [&](absl::StatusOr<Reply> reply) {
                   if (reply.ok() && reply->is_ok()) ++right;
                   ++answered;
                 });
  }
  ASSERT_TRUE(Eventually([&] { return answered == 6; }, 30));
  EXPECT_EQ(right, 6);
  EXPECT_EQ(client.Say({"STRLEN", "k2"}), absl::StrCat(":", large.size()));
}

TEST(ConnectionRedisTest, LargeValuesPassEachOtherOverTcp) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  ExchangeLargeValues(OptionsFor(server.url()));
}

TEST(ConnectionRedisTest, LargeValuesPassEachOtherOverTheSmallBuffersOfAUnixSocket) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  ExchangeLargeValues(OptionsFor("unix://" + server.socket()));
}

TEST(ConnectionRedisTest, TheDatabaseIsTheOneOfTheUrl) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient third(server.url() + "/3");
  TestClient unix_third("unix://" + server.socket() + "?db=3");
  TestClient first(server.url());
  ASSERT_TRUE(third.BecomesAvailable() && unix_third.BecomesAvailable() && first.BecomesAvailable());
  EXPECT_EQ(third.Say({"SET", "k", "in three"}), "+OK");
  EXPECT_EQ(unix_third.Say({"GET", "k"}), "in three");
  EXPECT_EQ(first.Say({"GET", "k"}), "nil");
}

TEST(ConnectionRedisTest, ConnectionsBearTheClientsName) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  ClientOptions options = OptionsFor(server.url());
  options.name = "by-this-name";
  TestClient client(options);
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"CLIENT", "GETNAME"}), "by-this-name");
}

TEST(ConnectionRedisTest, PasswordsAndUsersAreGiven) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server({"--requirepass", "sesame", "--user", "bob", "on", ">bobs/pw", "allcommands", "allkeys"});
  const std::string port = std::to_string(server.port());
  TestClient with_password("redis://:sesame@127.0.0.1:" + port);
  TestClient bob("redis://bob:bobs%2fpw@127.0.0.1:" + port);
  ASSERT_TRUE(with_password.BecomesAvailable() && bob.BecomesAvailable());
  EXPECT_EQ(with_password.Say({"ACL", "WHOAMI"}), "default");
  EXPECT_EQ(bob.Say({"ACL", "WHOAMI"}), "bob");
}

TEST(ConnectionRedisTest, AWrongPasswordIsToldOnceAndTriedAgainSlowly) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server({"--requirepass", "sesame"});
  for (const char* credentials : {":wrong@", ""}) {
    SCOPED_TRACE(credentials);
    TestClient client(absl::StrCat("redis://", credentials, "127.0.0.1:", server.port()));
    ASSERT_TRUE(Eventually([&] { return !client.told().empty(); }));
    EXPECT_EQ(client.Say({"GET", "k"}), "UNAVAILABLE");
    TestClient admin(absl::StrCat("redis://:sesame@127.0.0.1:", server.port()));
    ASSERT_TRUE(admin.BecomesAvailable());
    ASSERT_EQ(admin.Say({"CONFIG", "SET", "requirepass", *credentials == ':' ? "wrong" : ""}), "+OK");
    EXPECT_TRUE(client.BecomesAvailable()) << "it goes on trying";
    EXPECT_THAT(client.told(), ElementsAre("PERMISSION_DENIED", "yes"));
    TestClient again(absl::StrCat("redis://", credentials, "127.0.0.1:", server.port()));
    ASSERT_TRUE(again.BecomesAvailable());
    ASSERT_EQ(again.Say({"CONFIG", "SET", "requirepass", "sesame"}), "+OK");
  }
}

TEST(ConnectionRedisTest, AUserWithoutTheRightToPingMayConnectAndIsProbed) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server({"--user", "little", "on", ">pw", "-@all", "+get", "~*"});
  TestClient client(absl::StrCat("redis://little:pw@127.0.0.1:", server.port()));
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"GET", "k"}), "nil");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.Say({"SET", "k", "v"}).substr(0, 7), "-NOPERM");
  EXPECT_FALSE(client->available());
  EXPECT_TRUE(client.BecomesAvailable()) << "a probe that it may not send shows life all the same";
}

TEST(ConnectionRedisTest, NoTimeLeftIsSaidAtOnce) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  for (absl::Duration timeout : {absl::ZeroDuration(), absl::Seconds(-1), -absl::InfiniteDuration()}) {
    EXPECT_EQ(client.Call({"PING"}, Lane::kData, timeout).status().code(), absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(client.Call({"PING"}, Lane::kControl, absl::InfiniteDuration()).ok());
  EXPECT_EQ(client->counters().sent, 1);
}

TEST(ConnectionRedisTest, TasksRunLaterOnTheClientsThreadOrNotAtAll) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  std::promise<std::thread::id> first;
  const auto begin = std::chrono::steady_clock::now();
  client->RunAfter(absl::Milliseconds(30), [&] { first.set_value(std::this_thread::get_id()); });
  EXPECT_NE(first.get_future().get(), std::this_thread::get_id());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
  bool ran = false;
  auto alive = std::make_shared<int>();
  client->RunAfter(absl::Hours(1), [&ran, alive] { ran = true; });
  client.Destroy();
  EXPECT_FALSE(ran);
  EXPECT_EQ(alive.use_count(), 1) << "what was dropped is freed";
}

// Each answer sends again, so that there is always something on its way when the end comes.
TEST(ConnectionRedisTest, DestructionUnderLoadAnswersEverythingOnce) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  for (int round = 0; round < 20; ++round) {
    TestClient client(server.url());
    ASSERT_TRUE(client.BecomesAvailable());
    Client* raw = &*client;
    std::atomic<int> sent = 0;
    std::atomic<int> answered = 0;
    std::atomic<int> strange = 0;
    std::function<void()> send = [&] {
      ++sent;
      raw->Send(sent % 7 == 0 ? Lane::kControl : Lane::kData, {"GET", "k"}, absl::Seconds(20),
                [&](absl::StatusOr<Reply> reply) {
                  ++answered;
                  if (reply.ok()) return send();
                  if (!absl::IsCancelled(reply.status()) && !absl::IsUnavailable(reply.status())) ++strange;
                });
    };
    for (int i = 0; i < 200; ++i) send();
    std::this_thread::sleep_for(std::chrono::milliseconds(round));
    client.Destroy();
    EXPECT_EQ(sent, answered);
    EXPECT_EQ(strange, 0);
  }
}

TEST(ConnectionRedisTest, PendingCommandsAreCancelledByDestruction) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  server.Freeze();
  std::vector<absl::StatusCode> codes;
  for (int i = 0; i < 10; ++i) {
    client->Send(Lane::kData, {"GET", "k"}, absl::Seconds(20),
                 [&](absl::StatusOr<Reply> reply) { codes.push_back(reply.status().code()); });
  }
  client.Destroy();
  EXPECT_THAT(codes, testing::AllOf(testing::SizeIs(10), testing::Each(absl::StatusCode::kCancelled)));
}

}  // namespace
}  // namespace paracle::cachecore::redis

// Client against a server that does what no server should.
#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/redis/scripted_server.h"
#include "tests/redis/test_client.h"

namespace paracle::cachecore::redis {
namespace {

std::string Bulk(const std::string& text) { return absl::StrCat("$", text.size(), "\r\n", text, "\r\n"); }

// Greets, then answers ECHO by its argument through `answer`.
ScriptedServer::Script Echoing(std::function<void(Peer&, const std::string&)> answer) {
  return [answer = std::move(answer)](Peer& peer, int) {
    if (!peer.Greet()) return;
    for (auto command = peer.Next(); !command.empty(); command = peer.Next()) answer(peer, command.back());
  };
}

ClientOptions OneConnection(const ScriptedServer& server) {
  ClientOptions options = OptionsFor(server.url());
  options.data_connections = 1;
  return options;
}

TEST(ConnectionTest, RepliesCutToSingleBytesAreWhole) {
  ScriptedServer server(Echoing([](Peer& peer, const std::string& text) { peer.SayByteByByte(Bulk(text)); }));
  TestClient client(OneConnection(server));
  ASSERT_TRUE(client.BecomesAvailable());
  for (const std::string& text : {std::string("a"), std::string("\r\n$1\r\n"), std::string(20'000, 'L')}) {
    EXPECT_EQ(client.Say({"ECHO", text}), text);
  }
}

TEST(ConnectionTest, HalfAReplyIsNoReply) {
  for (const std::string half : {"$5\r\nhal", "+hal", "*2\r\n+a\r\n", "$99999\r\nhalf", "$"}) {
    SCOPED_TRACE(half);
    std::atomic<bool> break_off = true;
    ScriptedServer server([&](Peer& peer, int) {
      if (!peer.Greet()) return;
      for (auto command = peer.Next(); !command.empty(); command = peer.Next()) {
        if (break_off) return peer.Say(half);
        peer.Say(Bulk(command.back()));
      }
    });
    TestClient client(OneConnection(server));
    ASSERT_TRUE(client.BecomesAvailable());
    EXPECT_EQ(client.Say({"ECHO", "x"}), "UNAVAILABLE");
    break_off = false;
    ASSERT_TRUE(client.BecomesAvailable());
    ASSERT_TRUE(Eventually([&] { return client.Say({"ECHO", "whole"}) == "whole"; }));
  }
}

// Whatever it says beyond its answer, the connection is destroyed before the next command could be answered by it.
void ExpectDestroyedBy(const std::string& surplus) {
  SCOPED_TRACE(surplus);
  std::atomic<bool> talkative = true;
  ScriptedServer server(
      Echoing([&](Peer& peer, const std::string& text) { peer.Say(Bulk(text) + (talkative ? surplus : "")); }));
  TestClient client(OneConnection(server));
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"ECHO", "first"}), "first");
  ASSERT_TRUE(Eventually([&] { return client->counters().disconnects == 1; }));
  talkative = false;
  ASSERT_TRUE(client.BecomesAvailable());
  ASSERT_TRUE(Eventually([&] { return client->available(); }));
  EXPECT_EQ(client.Say({"ECHO", "second"}), "second");
}

TEST(ConnectionTest, AReplyThatNobodyAskedForEndsTheConnection) { ExpectDestroyedBy("+OK\r\n"); }

TEST(ConnectionTest, AReplySaidTwiceEndsTheConnection) { ExpectDestroyedBy(Bulk("first")); }

TEST(ConnectionTest, GarbageEndsTheConnection) {
  ExpectDestroyedBy("HTTP/1.1 200 OK\r\n\r\n");
  ExpectDestroyedBy("$-7\r\n");
  ExpectDestroyedBy("$99999999999999\r\n");
  ExpectDestroyedBy(std::string(100, '\0'));
}

TEST(ConnectionTest, AnAnswerWithoutItsEndFailsItsCommandOnly) {
  ScriptedServer server(
      Echoing([](Peer& peer, const std::string& text) { peer.Say(text == "bad" ? "$3\r\nbadXY" : Bulk(text)); }));
  TestClient client(OneConnection(server));
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"ECHO", "good"}), "good");
  EXPECT_EQ(client.Say({"ECHO", "bad"}), "UNAVAILABLE");
  ASSERT_TRUE(Eventually([&] { return client.Say({"ECHO", "good"}) == "good"; }));
}

TEST(ConnectionTest, AServerThatGreetsAndThenBreaksIsNotHammered) {
  ScriptedServer server([](Peer& peer, int) { peer.Greet(); });
  TestClient client(OneConnection(server));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  // 50, 100, 200, 400, 800 ms less a fifth: five or six connects of two connections each.
  EXPECT_LE(server.accepted(), 14);
  EXPECT_GE(server.accepted(), 4);
}

TEST(ConnectionTest, NothingIsSaidBehindAuthBeforeItIsAnswered) {
  std::atomic<int> hasty = 0;
  std::atomic<int> heard = 0;
  ScriptedServer server([&](Peer& peer, int) {
    const auto auth = peer.Next();
    if (auth != std::vector<std::string>{"AUTH", "bob", "pw"} || peer.HearsWithin(50)) ++hasty;
    ++heard;
    peer.Say("+OK\r\n");
    if (peer.Greet()) peer.Next();
  });
  ClientOptions options = OneConnection(server);
  options.deployment.servers.front().user = "bob";
  options.deployment.servers.front().password = "pw";
  TestClient client(options);
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_GE(heard, 2);
  EXPECT_EQ(hasty, 0);
}

TEST(ConnectionTest, AServerThatSaysNothingIsGivenUp) {
  std::atomic<bool> dumb = true;
  ScriptedServer server([&](Peer& peer, int) {
    while (dumb && !peer.Next().empty()) {
    }
    if (!dumb && peer.Greet()) peer.Next();
  });
  ClientOptions options = OneConnection(server);
  options.connect_timeout = absl::Milliseconds(100);
  TestClient client(options);
  ASSERT_TRUE(Eventually([&] { return server.accepted() >= 4; }));
  EXPECT_THAT(client.told(), testing::ElementsAre("UNAVAILABLE"));
  dumb = false;
  EXPECT_TRUE(client.BecomesAvailable());
}

TEST(ConnectionTest, AServerThatIsLoadingIsNotReadyYet) {
  std::atomic<bool> loading = true;
  ScriptedServer server([&](Peer& peer, int) {
    if (peer.Next().empty()) return;
    peer.Say("+OK\r\n");
    if (peer.Next().empty()) return;
    peer.Say(loading ? "-LOADING Redis is loading the dataset in memory\r\n" : "+PONG\r\n");
    peer.Next();
  });
  TestClient client(OneConnection(server));
  ASSERT_TRUE(Eventually([&] { return server.accepted() >= 4; }));
  EXPECT_FALSE(client->available());
  EXPECT_EQ(client.control_connects(), 0);
  loading = false;
  EXPECT_TRUE(client.BecomesAvailable());
}

TEST(ConnectionTest, SilenceWhileRepliesAreDueEndsTheConnectionButSlownessDoesNot) {
  std::atomic<bool> silent = false;
  ScriptedServer server(Echoing([&](Peer& peer, const std::string& text) {
    if (silent) return;
    const std::string reply = Bulk(text);
    for (size_t i = 0; i < reply.size(); ++i) {
      peer.Say(reply.substr(i, 1));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }));
  ClientOptions options = OneConnection(server);
  options.liveness = absl::Milliseconds(250);
  TestClient client(options);
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"ECHO", "a reply that takes its time"}), "a reply that takes its time");
  EXPECT_EQ(client->counters().disconnects, 0);
  silent = true;
  EXPECT_EQ(client.Say({"ECHO", "x"}), "UNAVAILABLE");
  EXPECT_EQ(client->counters().disconnects, 1);
}

}  // namespace
}  // namespace paracle::cachecore::redis

// The client of a Cluster against nodes that say what no well one would: redirects without end, maps in storms.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/redis/scripted_server.h"
#include "tests/redis/test_client.h"

namespace paracle::cachecore::redis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A node that owns every slot, in its own eyes, and answers everything else as the test says.
class ScriptedNode {
 public:
  using Answer = std::function<std::string(const std::vector<std::string>& words, int port)>;

  explicit ScriptedNode(Answer answer)
      : answer_(std::move(answer)), server_([this](Peer& peer, int) { Talk(peer); }), port_(PortOf(server_.url())) {}

  std::string url() const { return absl::StrCat("redis+cluster://127.0.0.1:", port_.load()); }
  int maps() const { return maps_; }
  std::vector<std::string> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  static int PortOf(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

  void Talk(Peer& peer) {
    while (port_ == 0) std::this_thread::yield();
    if (!peer.Greet()) return;
    for (auto words = peer.Next(); !words.empty(); words = peer.Next()) {
      if (words[0] == "PING") {
        peer.Say("+PONG\r\n");
      } else if (words[0] == "CLUSTER") {
        ++maps_;
        peer.Say(absl::StrCat("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:", port_.load(), "\r\n"));
      } else {
        {
          const std::lock_guard lock(mutex_);
          heard_.push_back(words[0]);
        }
        peer.Say(answer_(words, port_));
      }
    }
  }

  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<std::string> heard_;
  std::atomic<int> maps_ = 0;
  ScriptedServer server_;
  std::atomic<int> port_ = 0;
};

TEST(ClusterClientTest, RedirectsWithoutEndEnd) {
  ScriptedNode node([](const auto&, int port) { return absl::StrCat("-MOVED 0 127.0.0.1:", port, "\r\n"); });
  TestClient client(node.url());
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_THAT(client.Say({"GET", "k"}), HasSubstr("MOVED"));
  EXPECT_EQ(node.heard().size(), 6u) << "once, and five times more";
}

TEST(ClusterClientTest, AskingAndItsCommandFollowEachOther) {
  std::atomic<bool> asked = false;
  ScriptedNode node([&](const std::vector<std::string>& words, int port) -> std::string {
    if (words[0] == "ASKING") return "+OK\r\n";
    if (!asked.exchange(true)) return absl::StrCat("-ASK 1 127.0.0.1:", port, "\r\n");
    return "$5\r\nvalue\r\n";
  });
  TestClient client(node.url());
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"GET", "k"}), "value");
  EXPECT_THAT(node.heard(), ElementsAre("GET", "ASKING", "GET"));
}

TEST(ClusterClientTest, ARedirectToWhereNobodyIsFailsItsCommandAlone) {
  ScriptedNode node([&](const std::vector<std::string>& words, int) -> std::string {
    return words[1] == "lost" ? "-ASK 1 127.0.0.1:1\r\n" : "$5\r\nvalue\r\n";
  });
  TestClient client(node.url());
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"GET", "lost"}), "UNAVAILABLE");
  EXPECT_EQ(client.Say({"GET", "k"}), "value");
}

TEST(ClusterClientTest, TheMapIsAskedForNoMoreThanFiveTimesASecond) {
  ScriptedNode node([](const auto&, int port) { return absl::StrCat("-MOVED 0 127.0.0.1:", port, "\r\n"); });
  TestClient client(node.url());
  ASSERT_TRUE(client.BecomesAvailable());
  const auto began = std::chrono::steady_clock::now();
  const int before = node.maps();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  int commands = 0;
  while (seconds() < 1.0) {
    (void)client.Say({"GET", "k"});
    ++commands;
  }
  const int maps = node.maps() - before;
  EXPECT_GT(commands, 20);
  EXPECT_GE(maps, 1);
  EXPECT_LE(maps, 2 + seconds() / 0.2);
}

TEST(ClusterClientTest, AServerThatIsNoClusterIsNotUsed) {
  ScriptedServer server([](Peer& peer, int) {
    if (!peer.Greet()) return;
    while (!peer.Next().empty()) peer.Say("-ERR This instance has cluster support disabled\r\n");
  });
  TestClient client("redis+cluster" + server.url().substr(std::string("redis").size()));
  ASSERT_TRUE(Eventually([&] { return client->counters().connects > 0; }));
  EXPECT_EQ(client.Say({"GET", "k"}), "UNAVAILABLE");
  EXPECT_FALSE(client->available());
}

}  // namespace
}  // namespace paracle::cachecore::redis

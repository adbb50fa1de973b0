// Connection::SendAlone: the thread of the connection does not run unless a test runs it, so what reaches the server was
// written by the caller.
#include <gmock/gmock.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cachecore/redis/connection.h"
#include "tests/redis/scripted_server.h"
#include "tests/redis/test_client.h"

namespace paracle::cachecore::redis {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A connection whose thread is the test's own, only while it runs Until.
class Lonely final : private ConnectionOwner {
 public:
  explicit Lonely(ClientOptions options) : options_(std::move(options)), connection_(io_, options_, *this) {
    connection_.Start();
  }

  ~Lonely() {
    connection_.Stop();
    io_.restart();
    io_.run();
  }

  bool Until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  bool BecomesReady() {
    return Until([this] { return connection_.ready(); });
  }

  // Whether it was taken.
  bool SendAlone(std::vector<std::string> words, absl::Duration timeout = absl::Seconds(20)) {
    auto command = Pending(std::move(words), timeout);
    connection_.SendAlone(command);
    return command == nullptr;
  }

  void Submit(std::vector<std::string> words) { connection_.Submit(Pending(std::move(words), absl::Seconds(20))); }

  Connection& connection() { return connection_; }
  const std::vector<std::string>& answers() const { return answers_; }
  size_t unwritten() const { return unwritten_; }

 private:
  std::unique_ptr<PendingCommand> Pending(std::vector<std::string> words, absl::Duration timeout) {
    const std::vector<absl::string_view> views(words.begin(), words.end());
    Command command(views);
    unwritten_ += command.wire().size();
    Client::Done done = [this](absl::StatusOr<Reply> reply) {
      answers_.push_back(reply.ok() ? reply->text : absl::StatusCodeToString(reply.status().code()));
    };
    return std::make_unique<PendingCommand>(PendingCommand::Kind::kData, std::move(command),
                                            SteadyNow() + Steady(timeout), std::move(done), PendingSlot(pending_));
  }

  void OnReady(Connection&) override {}
  void OnDown(Connection&, bool, const absl::Status&) override {}
  void Answer(PendingCommand& command, absl::StatusOr<Reply> reply) override {
    command.answered = true;
    std::move(command.done)(std::move(reply));
  }
  void OnLateReply() override {}
  void OnWritten(size_t bytes) override { unwritten_ -= bytes; }
  void AfterReplies() override {}

  ClientOptions options_;
  asio::io_context io_{1};
  std::atomic<size_t> pending_ = 0;
  size_t unwritten_ = 0;
  std::vector<std::string> answers_;
  Connection connection_;
};

// Greets, answers each command with its last argument, and counts what it has heard.
struct EchoServer {
  std::atomic<int> heard = 0;
  ScriptedServer server{[this](Peer& peer, int) {
    if (!peer.Greet()) return;
    for (auto command = peer.Next(); !command.empty(); command = peer.Next()) {
      ++heard;
      peer.Say("$" + std::to_string(command.back().size()) + "\r\n" + command.back() + "\r\n");
    }
  }};

  bool Hears(int commands) {
    return Eventually([&] { return heard == commands; });
  }
};

TEST(SendAloneTest, TheServerHearsItBeforeTheConnectionsThreadWakesUp) {
  EchoServer echo;
  Lonely lonely(OptionsFor(echo.server.url()));
  ASSERT_TRUE(lonely.BecomesReady());

  EXPECT_TRUE(lonely.SendAlone({"ECHO", "alone"}));

  EXPECT_TRUE(echo.Hears(1));
  EXPECT_EQ(lonely.unwritten(), 0);
  EXPECT_THAT(lonely.answers(), IsEmpty());
  EXPECT_TRUE(lonely.Until([&] { return !lonely.answers().empty(); }));
  EXPECT_THAT(lonely.answers(), ElementsAre("alone"));
}

TEST(SendAloneTest, IsRefusedWhileAnotherCommandIsOnItsWay) {
  EchoServer echo;
  Lonely lonely(OptionsFor(echo.server.url()));
  ASSERT_TRUE(lonely.BecomesReady());
  ASSERT_TRUE(lonely.SendAlone({"ECHO", "first"}));

  EXPECT_FALSE(lonely.SendAlone({"ECHO", "second"}));

  EXPECT_TRUE(lonely.Until([&] { return !lonely.answers().empty(); }));
  EXPECT_TRUE(lonely.SendAlone({"ECHO", "third"}));
  EXPECT_TRUE(echo.Hears(2));
}

TEST(SendAloneTest, IsRefusedWhileACommandWaitsToBeWritten) {
  EchoServer echo;
  Lonely lonely(OptionsFor(echo.server.url()));
  ASSERT_TRUE(lonely.BecomesReady());
  lonely.Submit({"ECHO", "queued"});

  EXPECT_FALSE(lonely.SendAlone({"ECHO", "overtakes"}));

  lonely.connection().Flush();
  EXPECT_TRUE(lonely.Until([&] { return !lonely.answers().empty(); }));
  EXPECT_THAT(lonely.answers(), ElementsAre("queued"));
}

TEST(SendAloneTest, IsRefusedBeforeTheConnectionIsReadyAndAfterItWasLost) {
  EchoServer echo;
  Lonely lonely(OptionsFor(echo.server.url()));
  EXPECT_FALSE(lonely.SendAlone({"ECHO", "too early"}));
  ASSERT_TRUE(lonely.BecomesReady());

  lonely.connection().Abandon(absl::UnavailableError("distrusted"));

  EXPECT_FALSE(lonely.SendAlone({"ECHO", "too late"}));
  EXPECT_EQ(echo.heard, 0);
}

TEST(SendAloneTest, WhatTheSocketDoesNotTakeAtOnceTheConnectionsThreadWrites) {
  EchoServer echo;
  Lonely lonely(OptionsFor(echo.server.url()));
  ASSERT_TRUE(lonely.BecomesReady());
  const std::string large(64 << 20, 'L');

  EXPECT_TRUE(lonely.SendAlone({"ECHO", large}));
  EXPECT_GT(lonely.unwritten(), 0);

  EXPECT_TRUE(lonely.Until([&] { return !lonely.answers().empty(); }));
  EXPECT_EQ(lonely.unwritten(), 0);
  ASSERT_EQ(lonely.answers().size(), 1);
  EXPECT_TRUE(lonely.answers().front() == large);
}

TEST(SendAloneTest, TimesOutThoughNoTimerWasArmed) {
  ScriptedServer silent([](Peer& peer, int) {
    if (!peer.Greet()) return;
    while (!peer.Next().empty()) continue;
  });
  Lonely lonely(OptionsFor(silent.url()));
  ASSERT_TRUE(lonely.BecomesReady());

  EXPECT_TRUE(lonely.SendAlone({"GET", "k"}, absl::Milliseconds(20)));

  EXPECT_TRUE(lonely.Until([&] { return !lonely.answers().empty(); }));
  EXPECT_THAT(lonely.answers(), ElementsAre("DEADLINE_EXCEEDED"));
}

TEST(SendAloneTest, IsAnsweredWhenTheServerHasGone) {
  auto server = std::make_unique<EchoServer>();
  Lonely lonely(OptionsFor(server->server.url()));
  ASSERT_TRUE(lonely.BecomesReady());
  server.reset();

  EXPECT_TRUE(lonely.SendAlone({"ECHO", "into the void"}));

  EXPECT_TRUE(lonely.Until([&] { return !lonely.answers().empty(); }));
  EXPECT_THAT(lonely.answers(), ElementsAre("UNAVAILABLE"));
}

// Replies and commands from elsewhere: what was read together belongs to the commands that were sent before.
TEST(SendAloneTest, ManyThreadsGetTheirOwnReplies) {
  EchoServer echo;
  TestClient client(OptionsFor(echo.server.url()));
  ASSERT_TRUE(client.BecomesAvailable());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i) {
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        if (client.Say({"ECHO", text}) != text) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace paracle::cachecore::redis

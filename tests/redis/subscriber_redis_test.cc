// Subscriber: hears what is published, says each time when it hears anew, and notices a server that is silent.
#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cachecore/redis/subscriber.h"
#include "tests/redis/spawned_redis.h"
#include "tests/redis/test_client.h"
#include "tests/support/free_port.h"

namespace paracle::cachecore::redis {
namespace {

using support::FreePort;
using ::testing::ElementsAre;

class Listener {
 public:
  explicit Listener(const std::string& url) : Listener(OptionsFor(url)) {}
  explicit Listener(ClientOptions options) {
    SubscriberCallbacks callbacks;
    callbacks.on_subscribed = [this] { ++subscribed_; };
    callbacks.on_message = [this](absl::string_view channel, absl::string_view message) {
      const std::lock_guard lock(mutex_);
      heard_.emplace_back(channel == "news" ? message : absl::StrCat(channel, ": ", message));
    };
    subscriber_ = Subscriber::Create(std::move(options), {"news", "weather"}, std::move(callbacks));
  }

  std::vector<std::string> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  bool HearsWithin(double seconds, size_t messages) const {
    return Eventually([&] { return heard().size() >= messages; }, seconds);
  }
  bool IsSubscribed(int times, double seconds = 10) const {
    return Eventually([&] { return subscribed_ >= times; }, seconds);
  }
  int subscribed() const { return subscribed_; }
  void Stop() { subscriber_.reset(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> heard_;
  std::atomic<int> subscribed_ = 0;
  std::unique_ptr<Subscriber> subscriber_;
};

TEST(SubscriberRedisTest, HearsMessagesInOrder) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  Listener listener(server.url());
  TestClient client(server.url());
  ASSERT_TRUE(listener.IsSubscribed(1) && client.BecomesAvailable());
  const std::string bytes("\r\n\0x", 4);
  EXPECT_EQ(client.Say({"PUBLISH", "news", "first"}, Lane::kControl), ":1");
  EXPECT_EQ(client.Say({"PUBLISH", "news", bytes}, Lane::kControl), ":1");
  EXPECT_EQ(client.Say({"PUBLISH", "other", "not ours"}, Lane::kControl), ":0");
  EXPECT_EQ(client.Say({"PUBLISH", "news", ""}, Lane::kControl), ":1");
  ASSERT_TRUE(listener.HearsWithin(10, 3));
  EXPECT_THAT(listener.heard(), ElementsAre("first", bytes, ""));
  EXPECT_EQ(listener.subscribed(), 1);
}

TEST(SubscriberRedisTest, TellsOnWhichOfItsChannelsAMessageCame) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  Listener listener(server.url());
  TestClient client(server.url());
  ASSERT_TRUE(listener.IsSubscribed(1) && client.BecomesAvailable());
  EXPECT_EQ(client.Say({"PUBLISH", "weather", "rain"}, Lane::kControl), ":1");
  EXPECT_EQ(client.Say({"PUBLISH", "news", "first"}, Lane::kControl), ":1");
  ASSERT_TRUE(listener.HearsWithin(10, 2));
  EXPECT_THAT(listener.heard(), ElementsAre("weather: rain", "first"));
}

TEST(SubscriberRedisTest, StandsThroughALongSilence) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  Listener listener(server.url());
  TestClient client(server.url());
  ASSERT_TRUE(listener.IsSubscribed(1) && client.BecomesAvailable());
  EXPECT_FALSE(listener.IsSubscribed(2, 3.5)) << "three PINGs were answered";
  EXPECT_EQ(client.Say({"PUBLISH", "news", "still there"}, Lane::kControl), ":1");
  EXPECT_TRUE(listener.HearsWithin(10, 1));
}

TEST(SubscriberRedisTest, SubscribesAnewWhenTheServerIsBack) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  Listener listener(server.url());
  ASSERT_TRUE(listener.IsSubscribed(1));
  server.Kill();
  server.Start();
  ASSERT_TRUE(listener.IsSubscribed(2));
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  EXPECT_EQ(client.Say({"PUBLISH", "news", "again"}, Lane::kControl), ":1");
  EXPECT_TRUE(listener.HearsWithin(10, 1));
}

TEST(SubscriberRedisTest, GivesUpAFrozenServerAndComesBack) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  ClientOptions options = OptionsFor(server.url());
  options.liveness = absl::Milliseconds(300);
  options.connect_timeout = absl::Milliseconds(500);
  Listener listener(options);
  ASSERT_TRUE(listener.IsSubscribed(1));
  server.Freeze();
  EXPECT_FALSE(listener.IsSubscribed(2, 2.5));
  server.Thaw();
  EXPECT_TRUE(listener.IsSubscribed(2, 5)) << "the old connection was given up meanwhile";
}

TEST(SubscriberRedisTest, IsSilentOnceDestroyed) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(server.url());
  ASSERT_TRUE(client.BecomesAvailable());
  for (int round = 0; round < 20; ++round) {
    Listener listener(server.url());
    ASSERT_TRUE(listener.IsSubscribed(1));
    for (int i = 0; i < 50; ++i) client->Send(Lane::kControl, {"PUBLISH", "news", "x"}, absl::Seconds(20), [](auto) {});
    listener.Stop();
    const size_t heard = listener.heard().size();
    client.Say({"PUBLISH", "news", "y"}, Lane::kControl);
    EXPECT_EQ(listener.heard().size(), heard);
  }
}

TEST(SubscriberRedisTest, EndsWhileItCannotConnect) {
  Listener listener("redis://127.0.0.1:" + std::to_string(FreePort()));
  EXPECT_FALSE(listener.IsSubscribed(1, 0.2));
  listener.Stop();
}

}  // namespace
}  // namespace paracle::cachecore::redis

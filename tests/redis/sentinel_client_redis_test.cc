// The client of whichever server real Sentinels name.
#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "tests/redis/test_client.h"
#include "tests/support/redis_sentinel.h"
#include "tests/support/test_certificates.h"

namespace paracle::cachecore::redis {
namespace {

using support::RedisSentinel;
using support::RedisSentinelOptions;
using support::ServerKind;

class SentinelClientTest : public testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override { PARACLE_NEEDS_SERVER(GetParam()); }

  void Start(RedisSentinelOptions options = {}) {
    options.kind = GetParam();
    sentinel_ = std::make_unique<RedisSentinel>(options);
  }
  void Connect(const std::string& url) {
    client_ = std::make_unique<TestClient>(OptionsFor(url));
    ASSERT_TRUE(client_->BecomesAvailable(20));
    ASSERT_TRUE(Eventually([this] { return (*client_)->control_available(); }));
  }
  bool Works() { return client_->Say({"SET", "k", "value"}) == "+OK"; }

  std::unique_ptr<RedisSentinel> sentinel_;
  std::unique_ptr<TestClient> client_;
};

TEST_P(SentinelClientTest, FollowsTheMasterWhenItIsKilled) {
  Start();
  Connect(sentinel_->Url());
  ASSERT_TRUE(Works());
  const int connects = client_->control_connects();
  sentinel_->Kill(0);
  EXPECT_FALSE(Works());
  ASSERT_GE(sentinel_->AwaitPrimaryOtherThan(0), 0);
  ASSERT_TRUE(Eventually([this] { return Works(); }, 30));
  EXPECT_GT(client_->control_connects(), connects);
}

TEST_P(SentinelClientTest, FollowsTheMasterWhenItIsFrozenAndLeavesItWhenItComesBack) {
  Start();
  Connect(sentinel_->Url());
  sentinel_->Stop(0);
  const int master = sentinel_->AwaitPrimaryOtherThan(0);
  ASSERT_GE(master, 0);
  ASSERT_TRUE(Eventually([this] { return Works(); }, 30));
  sentinel_->Continue(0);
  ASSERT_TRUE(sentinel_->AwaitWell());
  ASSERT_TRUE(Eventually([this] { return Works(); }, 30));
  EXPECT_EQ(sentinel_->Command(master, {"GET", "k"}).text, "value");
}

TEST_P(SentinelClientTest, UsersOfServersAndSentinelsWithoutAnyMayDiffer) {
  Start({.password = "of-the-servers"});
  Connect("redis+sentinel://:of-the-servers@" + sentinel_->Url().substr(std::string("redis+sentinel://").size()));
  EXPECT_TRUE(Works());
}

TEST_P(SentinelClientTest, ServersAndSentinelsSpeakTls) {
  if (!support::TestCertificates::Available()) GTEST_SKIP() << "SKIPPED, nothing is proven: no openssl in PATH";
  const support::TestCertificates certificates;
  const support::RedisTls tls{.ca = certificates.ca(), .server = certificates.server()};
  Start({.password = "secret", .sentinel_password = "secret", .tls = &tls});
  const std::string scheme = "rediss+sentinel://";
  ClientOptions options = OptionsFor(scheme + ":secret@" + sentinel_->Url("rediss+sentinel").substr(scheme.size()));
  options.tls.ca = certificates.ca();
  client_ = std::make_unique<TestClient>(options);
  ASSERT_TRUE(client_->BecomesAvailable(20));
  EXPECT_TRUE(Works());
  sentinel_->Kill(0);
  ASSERT_GE(sentinel_->AwaitPrimaryOtherThan(0), 0);
  EXPECT_TRUE(Eventually([this] { return Works(); }, 30));
  client_.reset();
  sentinel_.reset();
}

TEST_P(SentinelClientTest, AMasterThatNobodyKnowsIsTold) {
  Start({.replicas = 0, .sentinels = 1, .quorum = 1});
  std::string url = sentinel_->Url();
  url = url.substr(0, url.find('/', std::string("redis+sentinel://").size())) + "/unknown";
  TestClient client(OptionsFor(url));
  ASSERT_TRUE(Eventually([&] { return !client.told().empty(); }));
  EXPECT_EQ(client.told().front(), "NOT_FOUND");
  EXPECT_FALSE(client->available());
}

INSTANTIATE_TEST_SUITE_P(Servers, SentinelClientTest, testing::Values(ServerKind::kRedis, ServerKind::kValkey),
                         [](const auto& info) { return info.param == ServerKind::kRedis ? "Redis" : "Valkey"; });

}  // namespace
}  // namespace paracle::cachecore::redis

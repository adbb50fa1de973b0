#include "tests/support/redis_sentinel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/test_certificates.h"

namespace paracle::support {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RedisSentinelTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override { PARACLE_NEEDS_SERVER(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Servers, RedisSentinelTest, ::testing::Values(ServerKind::kRedis, ServerKind::kValkey),
                         [](const auto& info) { return info.param == ServerKind::kRedis ? "Redis" : "Valkey"; });

TEST_P(RedisSentinelTest, PromotesAReplicaOfAPrimaryThatIsKilledOrFrozen) {
  RedisSentinel redis({.kind = GetParam(), .password = "secret", .sentinel_password = "other"});
  EXPECT_EQ(redis.Primary(), 0);
  redis.Command(0, {"SET", "key", "value"});
  redis.Command(0, {"WAIT", "2", "5000"});

  redis.Kill(0);
  const int second = redis.AwaitPrimaryOtherThan(0);
  ASSERT_GE(second, 1);
  EXPECT_EQ(redis.Command(second, {"GET", "key"}).ToString(), "value");
  ASSERT_TRUE(redis.AwaitNamed(second));
  redis.Restart(0);
  EXPECT_TRUE(redis.CallsItselfPrimary(0));
  ASSERT_TRUE(redis.AwaitWell());
  EXPECT_FALSE(redis.CallsItselfPrimary(0));
  EXPECT_EQ(redis.Primary(), second);

  redis.Stop(second);
  const int third = redis.AwaitPrimaryOtherThan(second);
  ASSERT_GE(third, 0);
  ASSERT_TRUE(redis.AwaitNamed(third));
  redis.Continue(second);
  ASSERT_TRUE(redis.AwaitWell());
  EXPECT_EQ(redis.Primary(), third);
  EXPECT_EQ(redis.Command(third, {"GET", "key"}).ToString(), "value");
}

TEST_P(RedisSentinelTest, GoesOnWithoutOneSentinelThatComesBack) {
  RedisSentinel redis({.kind = GetParam(), .sentinel_password = "other"});
  EXPECT_THAT(BlockingRedis::Tcp(redis.sentinel(1).Port()).Command({"PING"}).text, HasSubstr("NOAUTH"));
  redis.sentinel(0).Kill();
  redis.sentinel(1).Stop();
  EXPECT_EQ(redis.Primary(), -1);
  redis.sentinel(1).Continue();
  EXPECT_EQ(redis.Primary(), 0);
  redis.Kill(0);
  EXPECT_TRUE(redis.AwaitNamed(redis.AwaitPrimaryOtherThan(0)));
  redis.sentinel(0).Restart();
  redis.Restart(0);
  EXPECT_TRUE(redis.AwaitWell());
}

TEST_P(RedisSentinelTest, SpeaksTlsAndEndsWithItsObject) {
  if (!TestCertificates::Available()) GTEST_SKIP() << "SKIPPED, nothing is proven: no openssl in PATH";
  const TestCertificates certificates;
  const RedisTls tls = {.ca = certificates.ca(), .server = certificates.server()};
  std::vector<pid_t> pids;
  {
    RedisSentinel redis({.kind = GetParam(), .tls = &tls});
    EXPECT_THAT(redis.Url("rediss+sentinel"),
                StartsWith(absl::StrCat("rediss+sentinel://localhost:", redis.sentinel(0).Port(), ",")));
    EXPECT_THAT(redis.Url("rediss+sentinel"), EndsWith("/paracle/0"));
    for (int i = 0; i < redis.servers(); ++i) pids.push_back(redis.server(i).pid());
    for (int i = 0; i < redis.sentinels(); ++i) pids.push_back(redis.sentinel(i).pid());
  }
  for (const pid_t pid : pids) {
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
  }
}

}  // namespace
}  // namespace paracle::support

// Deployment::Parse: what an operator may write, and that a refusal never shows the password.
#include "cachecore/redis/deployment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace paracle::cachecore::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Deployment Parsed(absl::string_view text) {
  const auto deployment = Deployment::Parse(text);
  EXPECT_TRUE(deployment.ok()) << text << ": " << deployment.status();
  return deployment.ok() ? *deployment : Deployment();
}

TEST(DeploymentTest, AnyUrlOfOneServerIsOne) {
  for (const char* text : {"redis://h:7/1", "rediss://u:p@[::1]", "unix:///run/s?db=2"}) {
    const Deployment deployment = Parsed(text);
    EXPECT_EQ(deployment.kind, Deployment::Kind::kServer);
    ASSERT_EQ(deployment.servers.size(), 1u);
    EXPECT_EQ(deployment.ToString(), Url::Parse(text)->ToString());
  }
}

TEST(DeploymentTest, AListOfHostsIsAClusterAndSharesUserAndPassword) {
  const Deployment deployment = Parsed("rediss://bob:p%40ss@a:1,b,[::1]:3");
  EXPECT_EQ(deployment.kind, Deployment::Kind::kCluster);
  ASSERT_EQ(deployment.servers.size(), 3u);
  for (const Url& url : deployment.servers) {
    EXPECT_EQ(url.kind, Url::Kind::kTls);
    EXPECT_EQ(url.user, "bob");
    EXPECT_EQ(url.password, "p@ss");
  }
  EXPECT_EQ(deployment.servers[1].port, 6379);
  EXPECT_EQ(deployment.servers[2].host, "::1");
  EXPECT_EQ(deployment.ToString(), "rediss+cluster://a:1,b:6379,[::1]:3");
}

TEST(DeploymentTest, OneNameMayStandForACluster) {
  EXPECT_EQ(Parsed("redis+cluster://valkey.cache.svc").kind, Deployment::Kind::kCluster);
  EXPECT_EQ(Parsed("redis://a,b/0").kind, Deployment::Kind::kCluster);
}

TEST(DeploymentTest, SentinelsNameTheirMasterAndHaveAPortOfTheirOwn) {
  const Deployment deployment = Parsed("redis+sentinel://:secret@a,b:7000,[::1]/my-master/3");
  EXPECT_EQ(deployment.kind, Deployment::Kind::kSentinel);
  EXPECT_EQ(deployment.master, "my-master");
  ASSERT_EQ(deployment.servers.size(), 3u);
  EXPECT_EQ(deployment.servers[0].port, 26379);
  EXPECT_EQ(deployment.servers[1].port, 7000);
  EXPECT_EQ(deployment.servers[2].port, 26379);
  EXPECT_EQ(deployment.servers[0].db, 3);
  EXPECT_EQ(deployment.ToString(), "redis+sentinel://a:26379,b:7000,[::1]:26379/my-master/3");
  EXPECT_EQ(Parsed("rediss+sentinel://a/m").servers[0].kind, Url::Kind::kTls);
}

TEST(DeploymentTest, RefusesEverythingElseAndKeepsThePasswordToItself) {
  constexpr const char* kRefused[] = {
      "",
      "redis://:sesame@a,b/1",                // A Cluster has one database.
      "redis://:sesame@a,,b",                 // A host is missing.
      "redis+cluster://:sesame@",             //
      "redis+cluster://:sesame@a/x",          //
      "redis+sentinel://:sesame@a",           // No name.
      "redis+sentinel://:sesame@a/",          //
      "redis+sentinel://:sesame@a/m/x",       // No database.
      "redis+sentinel://:sesame@a:0/m",       //
      "redis+sentinel://:sesame@a/two words",  //
      "redis+other://:sesame@a",              //
      "unix:///a,b?db=x",                     //
  };
  for (const char* text : kRefused) {
    const auto deployment = Deployment::Parse(text);
    EXPECT_EQ(deployment.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(deployment.status().message(), Not(HasSubstr("sesame"))) << text;
    EXPECT_THAT(deployment.status().message(), HasSubstr("accepted are redis://")) << text;
  }
}

}  // namespace
}  // namespace paracle::cachecore::redis

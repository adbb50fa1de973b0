#include "tests/support/redis_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/support/test_certificates.h"

namespace paracle::support {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(RedisClusterViewTest, ReadsWhatANodeSaysOfItselfAndOfOthers) {
  const auto view = ParseClusterNodes(
      "a1 127.0.0.1:7001@17001 myself,master - 0 0 4 connected 0-99 200 [300->-b2]\n"
      "b2 127.0.0.1:7002@17002,host slave a1 0 12 4 connected\n"
      "c3 :0@0 master,fail,noaddr - 1 1 2 disconnected 100-199\n"
      "no sense\n");
  ASSERT_THAT(view, SizeIs(3));
  EXPECT_TRUE(view[0].myself && view[0].primary && view[0].well);
  EXPECT_EQ(view[0].epoch, 4);
  EXPECT_THAT(view[0].slots, ElementsAre(Pair(0, 99), Pair(200, 200)));
  EXPECT_FALSE(view[1].primary);
  EXPECT_EQ(view[1].follows, "a1");
  EXPECT_FALSE(view[2].well);
  EXPECT_THAT(Agreement(view), IsEmpty());
  EXPECT_EQ(Agreement({view[1], view[0]}), "a1 primary 0-99 200-200\nb2 follows a1");
}

class RedisClusterTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override { PARACLE_NEEDS_SERVER(GetParam()); }

  // As a client that goes where it was told to, and does not follow.
  static std::string At(const RedisCluster& cluster, int node, const std::vector<std::string>& words) {
    return BlockingRedis::Tcp(cluster.node(node).Port()).Command(words).ToString();
  }
};

INSTANTIATE_TEST_SUITE_P(Servers, RedisClusterTest, ::testing::Values(ServerKind::kRedis, ServerKind::kValkey),
                         [](const auto& info) { return info.param == ServerKind::kRedis ? "Redis" : "Valkey"; });

TEST_P(RedisClusterTest, MovesSlotsWithTheirKeys) {
  RedisCluster cluster({.kind = GetParam()});
  EXPECT_THAT(cluster.Primaries(), ElementsAre(0, 1, 2));
  EXPECT_EQ(cluster.SlotOf("123456789"), 0x31c3);  // The check value of CRC-16/XMODEM, that the specification names.
  const int slot = cluster.SlotOf("{tag}");
  const int from = cluster.PrimaryOf(slot);
  const int to = (from + 1) % 3;
  const std::string there = absl::StrCat(slot, " 127.0.0.1:", cluster.node(to).Port());
  EXPECT_EQ(At(cluster, from, {"SET", "{tag}1", "one"}), "OK");

  EXPECT_EQ(cluster.BeginMove(slot, to), from);
  EXPECT_EQ(At(cluster, from, {"GET", "{tag}1"}), "one");
  EXPECT_EQ(At(cluster, from, {"GET", "{tag}2"}), "(error) ASK " + there);
  EXPECT_THAT(At(cluster, to, {"GET", "{tag}1"}), StartsWith("(error) MOVED"));
  cluster.MoveKeys(slot, from, to);
  EXPECT_EQ(At(cluster, from, {"GET", "{tag}1"}), "(error) ASK " + there);
  EXPECT_EQ(cluster.PrimaryOf(slot), from);

  cluster.EndMove(slot, from, to);
  EXPECT_EQ(At(cluster, from, {"GET", "{tag}1"}), "(error) MOVED " + there);
  EXPECT_EQ(At(cluster, to, {"GET", "{tag}1"}), "one");
  EXPECT_EQ(cluster.PrimaryOf(slot), to);
  EXPECT_TRUE(cluster.AwaitWell());
}

TEST_P(RedisClusterTest, AReplicaTakesThePlaceOfAPrimaryThatIsKilledOrFrozen) {
  RedisCluster cluster({.kind = GetParam(), .node_timeout = absl::Seconds(1), .password = "secret"});
  const int slot = cluster.SlotOf("key");
  const int first = cluster.PrimaryOf(slot);
  const int second = cluster.ReplicaOf(first);
  cluster.Kill(first);
  EXPECT_EQ(cluster.AwaitPrimaryOtherThan(first, slot), second);
  EXPECT_EQ(cluster.Command(second, {"SET", "key", "value"}).ToString(), "OK");

  cluster.Restart(first);
  ASSERT_TRUE(cluster.AwaitWell());
  EXPECT_EQ(cluster.ReplicaOf(second), first);
  EXPECT_THAT(cluster.Command(first, {"GET", "key"}).ToString(), StartsWith("(error) MOVED"));

  cluster.Stop(second);
  EXPECT_EQ(cluster.AwaitPrimaryOtherThan(second, slot), first);
  EXPECT_EQ(cluster.Command(first, {"GET", "key"}).ToString(), "value");
  cluster.Continue(second);
  EXPECT_TRUE(cluster.AwaitWell());
  EXPECT_EQ(cluster.ReplicaOf(first), second);
}

TEST_P(RedisClusterTest, SpeaksTlsAndEndsWithItsObject) {
  if (!TestCertificates::Available()) GTEST_SKIP() << "SKIPPED, nothing is proven: no openssl in PATH";
  const TestCertificates certificates;
  const RedisTls tls = {.ca = certificates.ca(), .server = certificates.server()};
  std::vector<pid_t> pids;
  {
    RedisCluster cluster({.kind = GetParam(), .tls = &tls});
    EXPECT_THAT(cluster.Url("rediss"), StartsWith(absl::StrCat("rediss://localhost:", cluster.node(0).Port(), ",")));
    const int slot = cluster.SlotOf("key");
    const int from = cluster.PrimaryOf(slot);
    cluster.Command(from, {"SET", "key", "value"});
    cluster.MoveSlot(slot, (from + 1) % 3);
    EXPECT_EQ(cluster.Command((from + 1) % 3, {"GET", "key"}).ToString(), "value");
    for (int i = 0; i < cluster.size(); ++i) pids.push_back(cluster.node(i).pid());
  }
  for (const pid_t pid : pids) {
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
  }
}

}  // namespace
}  // namespace paracle::support

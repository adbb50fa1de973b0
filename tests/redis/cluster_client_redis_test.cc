// The client of a real Cluster: routing, redirects, failover.
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cachecore/redis/slot.h"
#include "tests/redis/test_client.h"
#include "tests/support/redis_cluster.h"
#include "tests/support/test_certificates.h"

namespace paracle::cachecore::redis {
namespace {

using support::RedisCluster;
using support::ServerKind;

constexpr char kHome[] = "{home}";

ClientOptions OptionsOf(const RedisCluster& cluster) {
  ClientOptions options = OptionsFor(cluster.Url());
  options.home_key = kHome;
  options.liveness = absl::Seconds(1);  // A frozen node is to be found out.
  return options;
}

class ClusterClientTest : public testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(GetParam());
    cluster_ = std::move(well_[GetParam()]);
    if (cluster_ == nullptr) {
      cluster_ = std::make_unique<RedisCluster>(support::RedisClusterOptions{.kind = GetParam()});
    }
    client_ = std::make_unique<TestClient>(OptionsOf(*cluster_));
    ASSERT_TRUE(client_->BecomesAvailable());
    ASSERT_TRUE(Eventually([this] { return Works("begin"); }));
    ASSERT_TRUE(Eventually([this] { return (*client_)->control_available(); }));
  }

  static void TearDownTestSuite() { well_.clear(); }

  // For the next test: this one has killed nobody.
  void LeaveWell() {
    client_.reset();
    for (int node : cluster_->Primaries()) cluster_->Command(node, {"FLUSHALL"});
    well_[GetParam()] = std::move(cluster_);
  }

  // Keys whose slots are spread over all primaries.
  static std::string Key(int number) { return absl::StrCat("key:", number); }
  bool Works(const std::string& key) { return client_->Say({"SET", key, "value"}) == "+OK"; }
  int Working(int keys) {
    int works = 0;
    for (int i = 0; i < keys; ++i) works += Works(Key(i));
    return works;
  }

  std::unique_ptr<RedisCluster> cluster_;
  std::unique_ptr<TestClient> client_;

 private:
  static inline std::map<ServerKind, std::unique_ptr<RedisCluster>> well_;  // To make one takes two seconds.
};

TEST_P(ClusterClientTest, SlotsAreWhereRedisHashesThem) {
  for (const std::string key : {"a", "{x}y", "foo{}{bar}", "paracle:llm:{00ff/aa}:e", "{}", "}{"}) {
    EXPECT_EQ(SlotOf(key), cluster_->SlotOf(key)) << key;
  }
  LeaveWell();
}

TEST_P(ClusterClientTest, EveryKeyIsServedAndNothingIsRedirectedOnceTheMapIsKnown) {
  ASSERT_TRUE(Eventually([this] { return Working(100) == 100; }));
  const int64_t before = (*client_)->counters().error_replies;
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(client_->Say({"SET", Key(i), absl::StrCat("value ", i)}), "+OK");
    ASSERT_EQ(client_->Say({"GET", Key(i)}), absl::StrCat("value ", i));
  }
  EXPECT_EQ((*client_)->counters().error_replies, before);
  LeaveWell();
}

TEST_P(ClusterClientTest, AScanSeesTheKeysOfAllPrimaries) {
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Works(Key(i)));
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const auto reply = client_->Call({"SCAN", cursor, "MATCH", "key:*", "COUNT", "10"}, Lane::kControl);
    ASSERT_TRUE(reply.ok() && reply->is_array()) << reply.status();
    cursor = reply->elements.at(0).text;
    for (const Reply& key : reply->elements.at(1).elements) seen.insert(key.text);
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 200u);
  LeaveWell();
}

TEST_P(ClusterClientTest, ASlotThatMovesIsFollowedInEveryStateOfTheMove) {
  const std::string here = "{moving}here";
  const std::string gone = "{moving}gone";
  ASSERT_TRUE(Works(here));
  const int slot = SlotOf(here);
  const int from = cluster_->PrimaryOf(slot);
  const int to = (from + 1) % 3;
  ASSERT_EQ(cluster_->BeginMove(slot, to), from);
  EXPECT_EQ(client_->Say({"GET", here}), "value") << "it is still at the old one";
  EXPECT_EQ(client_->Say({"SET", gone, "asked"}), "+OK") << "by ASK";
  EXPECT_EQ(client_->Say({"GET", gone}), "asked");
  cluster_->MoveKeys(slot, from, to);
  EXPECT_EQ(client_->Say({"GET", here}), "value") << "by ASK";
  cluster_->EndMove(slot, from, to);
  EXPECT_EQ(client_->Say({"GET", here}), "value") << "by MOVED";
  ASSERT_TRUE(Eventually([&] {
    const int64_t before = (*client_)->counters().error_replies;
    return client_->Say({"GET", here}) == "value" && (*client_)->counters().error_replies == before;
  })) << "the map is known again";
  LeaveWell();
}

TEST_P(ClusterClientTest, ADeadPrimaryCostsItsOwnSlotsUntilItsReplicaTakesThem) {
  ASSERT_TRUE(Eventually([this] { return Working(100) == 100; }));
  const int dead = cluster_->PrimaryOf(SlotOf(Key(0)));
  const std::vector<int> owners = cluster_->Owners();
  cluster_->Kill(dead);
  EXPECT_TRUE((*client_)->available());
  int lost = 0;
  for (int i = 0; i < 100; ++i) {
    const bool its = owners[SlotOf(Key(i))] == dead;
    if (!Works(Key(i))) lost += its ? 1 : 1000;
  }
  EXPECT_GT(lost, 0);
  EXPECT_LT(lost, 1000) << "keys of primaries that live";
  ASSERT_TRUE(Eventually([this] { return Working(100) == 100; }, 30));
}

TEST_P(ClusterClientTest, AFrozenPrimaryIsReplacedToo) {
  const int frozen = cluster_->PrimaryOf(SlotOf(kHome));
  const int connects = client_->control_connects();
  cluster_->Stop(frozen);
  ASSERT_GE(cluster_->AwaitPrimaryOtherThan(frozen, SlotOf(kHome)), 0);
  // Nobody finds out who does not ask.
  ASSERT_TRUE(Eventually([&] {
    (void)client_->Call({"GET", kHome}, Lane::kControl, absl::Milliseconds(200));
    return client_->control_connects() > connects;
  }, 30)) << "the control lane goes to the new one";
  ASSERT_TRUE(Eventually([&] { return client_->Say({"SET", kHome, "x"}, Lane::kControl) == "+OK"; }, 30));
  cluster_->Continue(frozen);
  ASSERT_TRUE(Eventually([this] { return Working(50) == 50; }, 30));
}

TEST_P(ClusterClientTest, TlsAndAPasswordAreTheSameOnEveryNode) {
  if (!support::TestCertificates::Available()) GTEST_SKIP() << "SKIPPED, nothing is proven: no openssl in PATH";
  const support::TestCertificates certificates;
  const support::RedisTls tls{.ca = certificates.ca(), .server = certificates.server()};
  client_.reset();
  cluster_ = std::make_unique<RedisCluster>(
      support::RedisClusterOptions{.kind = GetParam(), .password = "secret", .tls = &tls});
  const std::string scheme = "rediss://";
  ClientOptions options = OptionsFor(scheme + ":secret@" + cluster_->Url("rediss").substr(scheme.size()));
  options.home_key = kHome;
  options.tls.ca = certificates.ca();
  client_ = std::make_unique<TestClient>(options);
  ASSERT_TRUE(client_->BecomesAvailable(20));
  ASSERT_TRUE(Eventually([this] { return Working(50) == 50; }, 20));
  options.tls.ca = certificates.other_ca();
  TestClient distrustful(options);
  ASSERT_TRUE(Eventually([&] { return !distrustful.told().empty(); }, 20));
  EXPECT_FALSE(distrustful->available());
  client_.reset();
  cluster_.reset();
}

TEST_P(ClusterClientTest, DestructionAmidAFailoverAnswersEverything) {
  cluster_->Kill(0);
  std::atomic<int> answered = 0;
  for (int i = 0; i < 1000; ++i) {
    (*client_)->Send(Lane::kData, {"GET", Key(i)}, absl::Seconds(5), [&](const absl::StatusOr<Reply>&) { ++answered; });
  }
  client_->Destroy();
  EXPECT_EQ(answered, 1000);
}

INSTANTIATE_TEST_SUITE_P(Servers, ClusterClientTest, testing::Values(ServerKind::kRedis, ServerKind::kValkey),
                         [](const auto& info) { return info.param == ServerKind::kRedis ? "Redis" : "Valkey"; });

}  // namespace
}  // namespace paracle::cachecore::redis

#include "tests/drills/topology.h"

#include "tests/support/redis_sentinel.h"

namespace paracle::drills {
namespace {

using support::BlockingRedis;
using support::RedisCluster;
using support::RedisSentinel;
using support::ServerKind;

class ClusterTopology : public Topology {
 public:
  ClusterTopology(ServerKind kind, absl::Duration node_timeout)
      : cluster_({.kind = kind, .node_timeout = node_timeout, .full_coverage = false}) {}

  std::string Url() const override { return cluster_.Url(); }
  int SlotOf(const std::string& key) override { return cluster_.SlotOf(key); }
  std::vector<int> Owners() override { return cluster_.Owners(); }
  void Kill(int server) override { cluster_.Kill(server); }
  void Stop(int server) override { cluster_.Stop(server); }
  void Continue(int server) override { cluster_.Continue(server); }
  void Restart(int server) override { cluster_.Restart(server); }
  int AwaitSuccessor(int old, int slot) override { return cluster_.AwaitPrimaryOtherThan(old, slot); }
  bool AwaitAgreed(int) override { return true; }  // It was elected.
  bool AwaitWell() override { return cluster_.AwaitWell(); }
  BlockingRedis Connect(int server) override { return cluster_.node(server).Connect(); }
  RedisCluster* cluster() override { return &cluster_; }

 private:
  std::vector<int> ReplicasOf(int primary) override { return {cluster_.ReplicaOf(primary)}; }

  RedisCluster cluster_;
};

class SentinelTopology : public Topology {
 public:
  explicit SentinelTopology(ServerKind kind) : redis_({.kind = kind, .publish_period = absl::Milliseconds(250)}) {}

  std::string Url() const override { return redis_.Url(); }
  int SlotOf(const std::string&) override { return 0; }
  std::vector<int> Owners() override { return {redis_.Primary()}; }
  void Kill(int server) override { redis_.Kill(server); }
  void Stop(int server) override { redis_.Stop(server); }
  void Continue(int server) override { redis_.Continue(server); }
  void Restart(int server) override { redis_.Restart(server); }
  int AwaitSuccessor(int old, int) override { return redis_.AwaitPrimaryOtherThan(old); }
  bool AwaitAgreed(int primary) override { return redis_.AwaitNamed(primary); }
  bool AwaitWell() override { return redis_.AwaitWell(); }
  BlockingRedis Connect(int server) override { return redis_.server(server).Connect(); }

 private:
  std::vector<int> ReplicasOf(int primary) override {
    std::vector<int> replicas;
    for (int i = 0; i < redis_.servers(); ++i) {
      if (i != primary) replicas.push_back(i);
    }
    return replicas;
  }

  RedisSentinel redis_;
};

}  // namespace

// The primary has no password, so it refuses a replica that gives one.
void Topology::Deafen(int primary) {
  deaf_ = ReplicasOf(primary);
  for (const int replica : deaf_) {
    BlockingRedis redis = Connect(replica);
    redis.Command({"CONFIG", "SET", "masterauth", "refused"});
    redis.Command({"CLIENT", "KILL", "TYPE", "master"});
  }
}

void Topology::Undeafen() {
  for (const int replica : deaf_) Connect(replica).Command({"CONFIG", "SET", "masterauth", ""});
  deaf_.clear();
}

std::unique_ptr<Topology> MakeCluster(ServerKind kind, absl::Duration node_timeout) {
  return std::make_unique<ClusterTopology>(kind, node_timeout);
}

std::unique_ptr<Topology> MakeSentinel(ServerKind kind) { return std::make_unique<SentinelTopology>(kind); }

}  // namespace paracle::drills

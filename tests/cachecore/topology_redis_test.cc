// The tiers, leases and recordings on a real Cluster, and on what real Sentinels watch: in health and over failovers.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/redis/slot.h"
#include "cachecore/redis_keys.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_replica.h"
#include "tests/support/redis_cluster.h"
#include "tests/support/redis_sentinel.h"

namespace paracle::cachecore {
namespace {

using support::ServerKind;

// What a test does to either.
class Topology {
 public:
  virtual ~Topology() = default;
  virtual std::string Url() = 0;
  // Ends, without a word, the server that has the marks. False: nobody takes its place in time.
  virtual bool FailOver() = 0;
};

class OfCluster final : public Topology {
 public:
  std::string Url() override { return cluster_.Url(); }
  bool FailOver() override {
    const int slot = redis::SlotOf(RedisKeys(kLeasePrefix).mark_state());
    const int dead = cluster_.PrimaryOf(slot);
    cluster_.Kill(dead);
    return cluster_.AwaitPrimaryOtherThan(dead, slot) >= 0;
  }

 private:
  support::RedisCluster cluster_;
};

class OfSentinels final : public Topology {
 public:
  std::string Url() override { return sentinel_.Url(); }
  bool FailOver() override {
    sentinel_.Kill(0);
    return sentinel_.AwaitPrimaryOtherThan(0) >= 0;
  }

 private:
  support::RedisSentinel sentinel_;
};

enum class Kind { kCluster, kSentinel };

class TopologyTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(ServerKind::kRedis);
    if (GetParam() == Kind::kCluster) {
      topology_ = std::make_unique<OfCluster>();
    } else {
      topology_ = std::make_unique<OfSentinels>();
    }
    a_ = std::make_unique<LeaseReplica>(topology_->Url());
    b_ = std::make_unique<LeaseReplica>(topology_->Url());
    ASSERT_TRUE(BothUsable());
    ASSERT_EQ(a_->Epoch(), b_->Epoch());
  }

  bool BothUsable() { return a_->WaitUntilUsable() && b_->WaitUntilUsable(); }

  // In both tiers, or not at all.
  bool Stores(LeaseReplica& replica, int question, const std::string& payload) {
    const auto stored = Fill(replica.cache(), {.question = question, .payload = payload});
    return stored.ok() && stored->stored_in_shared;
  }

  std::unique_ptr<Topology> topology_;
  std::unique_ptr<LeaseReplica> a_, b_;
};

TEST_P(TopologyTest, WhatOneReplicaStoresTheOtherServesUntilItIsInvalidated) {
  for (int question = 0; question < 50; ++question) {
    ASSERT_TRUE(Stores(*a_, question, absl::StrCat("answer ", question)));
    Caller& caller = b_->Ask(question);
    ASSERT_EQ(caller.Wait(), Told::kHit);
    EXPECT_EQ(caller.hit().entry->payload(), absl::StrCat("answer ", question));
  }
  InvalidationTarget all;
  all.ns = "default";
  ASSERT_TRUE(Forget(a_->cache(), all).ok());
  ASSERT_TRUE(Eventually([&] {
    Caller& caller = b_->Ask(7);
    if (caller.Wait() == Told::kLease) Release(b_->cache(), 7, caller.token());
    return caller.told() == Told::kLease;
  }));
}

TEST_P(TopologyTest, ALeaseOfOneReplicaIsWaitedForAtTheOther) {
  for (int question = 100; question < 120; ++question) {
    Caller& holder = a_->Ask(question);
    ASSERT_EQ(holder.Wait(), Told::kLease);
    EXPECT_FALSE(holder.token().alone);
    Caller& waits = b_->AskAndWait(question);
    ASSERT_TRUE(Fill(a_->cache(), {.question = question, .fill_token = holder.token()}).ok());
    EXPECT_EQ(waits.Wait(), Told::kHit);
  }
}

TEST_P(TopologyTest, P3_WhatWasInvalidatedOrBeganBeforeAFailoverIsNotServedAfterIt) {
  ASSERT_TRUE(Stores(*a_, 1, "old"));
  Caller& holder = a_->Ask(2);
  ASSERT_EQ(holder.Wait(), Told::kLease);
  ASSERT_TRUE(Forget(a_->cache(), ByDigest(1)).ok());
  const uint64_t before = a_->Epoch();
  ASSERT_TRUE(topology_->FailOver());
  ASSERT_TRUE(Eventually([&] { return a_->Epoch() != before && a_->Epoch() == b_->Epoch(); }, 30));
  ASSERT_TRUE(BothUsable());
  EXPECT_EQ(ReasonOf(Fill(a_->cache(), {.question = 2, .fill_token = holder.token()}).status()), kReasonStaleFillToken);
  for (LeaseReplica* replica : {a_.get(), b_.get()}) {
    for (int question : {1, 2}) {
      Caller& caller = replica->Ask(question, {.wait = absl::ZeroDuration()});
      EXPECT_NE(caller.Wait(), Told::kHit) << question;
    }
  }
  ASSERT_TRUE(Eventually([&] { return Stores(*a_, 3, "new"); }, 30)) << "the shared tier is used again";
  // The other replica may still be on its way back.
  EXPECT_TRUE(Eventually(
      [&] {
        Caller& caller = b_->Ask(3);
        if (caller.Wait() == Told::kLease) Release(b_->cache(), 3, caller.token());
        return caller.told() == Told::kHit;
      },
      30));
}

INSTANTIATE_TEST_SUITE_P(Kinds, TopologyTest, testing::Values(Kind::kCluster, Kind::kSentinel),
                         [](const auto& info) { return info.param == Kind::kCluster ? "Cluster" : "Sentinel"; });

}  // namespace
}  // namespace paracle::cachecore

// The ledger of all replicas, under keys.
#include "absl/strings/match.h"
#include "cachecore/shared_ledger.h"
#include "gtest/gtest.h"
#include "tests/cachecore/ledger_replica.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore {
namespace {

class SealedLedgerTest : public SharedLedgerTest {
 protected:
  std::unique_ptr<Replica> NewSealed(char names = 'n') {
    return NewReplica({.interval = kNever, .keys = KeysOf(KeyLine("key-1", 'a'), names)});
  }

  std::string Everything() {
    return server_.Command({"ZRANGE", "paracle:llm:{ledger}:rows", "0", "-1"}).ToString() +
           server_.Command({"HGETALL", "paracle:llm:{ledger}:sums"}).ToString() +
           server_.Command({"HGETALL", "paracle:llm:{ledger}:resets"}).ToString();
  }
};

TEST_F(SealedLedgerTest, EveryReplicaShowsTheSumOfAllAndRedisNoNames) {
  const auto a = NewSealed(), b = NewSealed();
  a->Hit(3, "canary-namespace", "canary-model");
  b->Hit(4, "canary-namespace", "canary-model");
  b->Hit(5, "canary-other", "canary-model");
  for (Replica* replica : {a.get(), b.get(), a.get()}) ASSERT_TRUE(replica->Flush());
  for (Replica* replica : {a.get(), b.get()}) {
    EXPECT_EQ(replica->Hits("canary-namespace"), 7);
    EXPECT_EQ(replica->Hits("canary-other"), 5);
    ASSERT_EQ(replica->shared().Snapshot("").ledger.rows.size(), 2u);
    EXPECT_EQ(replica->shared().Snapshot("").ledger.rows[0].model, "canary-model");
  }
  EXPECT_FALSE(absl::StrContains(Everything(), "canary"));
}

TEST_F(SealedLedgerTest, ANamespaceStartsAgainEverywhere) {
  const auto a = NewSealed(), b = NewSealed();
  a->Hit(3, "canary-namespace");
  b->Hit(4, "canary-namespace");
  b->Hit(5, "canary-other");
  for (Replica* replica : {a.get(), b.get()}) ASSERT_TRUE(replica->Flush());
  ASSERT_TRUE(a->Reset("canary-namespace").ok());
  ASSERT_TRUE(b->Flush());
  EXPECT_EQ(b->Hits("canary-namespace"), 0);
  EXPECT_EQ(b->OwnHits("canary-namespace"), 0) << "it was told whose they are";
  EXPECT_EQ(b->Hits("canary-other"), 5);
  EXPECT_FALSE(absl::StrContains(Everything(), "canary"));
}

TEST_F(SealedLedgerTest, WhatLiesThereUnderAnotherKeyOfNamesIsNotShownAndKept) {
  const auto old = NewSealed('m');
  old->Hit(3);
  ASSERT_TRUE(old->Flush());
  const auto replica = NewSealed();
  replica->Hit(4);
  ASSERT_TRUE(replica->Flush());
  EXPECT_EQ(replica->Hits(), 4);
  ASSERT_TRUE(old->Flush());
  EXPECT_EQ(old->Hits(), 3);
}

TEST_F(SealedLedgerTest, SumsThatRedisLostAreRestored) {
  const auto replica = NewSealed();
  replica->Hit(3, "canary-namespace");
  ASSERT_TRUE(replica->Flush());
  server_.Command({"FLUSHALL"});
  ASSERT_TRUE(replica->Flush());
  const auto other = NewSealed();
  ASSERT_TRUE(other->Flush());
  EXPECT_EQ(other->Hits("canary-namespace"), 3);
  EXPECT_FALSE(absl::StrContains(Everything(), "canary"));
}

}  // namespace
}  // namespace paracle::cachecore

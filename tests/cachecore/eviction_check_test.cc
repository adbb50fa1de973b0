#include "cachecore/eviction_check.h"

#include <gtest/gtest.h>

#include <string>

namespace paracle::cachecore {
namespace {

std::string Info(const std::string& limit, const std::string& policy) {
  return "# Memory\r\nused_memory:1000\r\nmaxmemory:" + limit + "\r\nmaxmemory_human:x\r\nmaxmemory_policy:" + policy +
         "\r\n";
}

TEST(EvictionCheckTest, WarnsOfPoliciesThatMayTakeMarks) {
  for (const char* policy : {"allkeys-lru", "allkeys-lfu", "allkeys-random"}) {
    const auto warning = EvictionWarning(Info("1000000", policy));
    ASSERT_TRUE(warning) << policy;
    EXPECT_NE(warning->find(policy), std::string::npos);
  }
}

TEST(EvictionCheckTest, IsSilentWhereMarksAreSafe) {
  EXPECT_FALSE(EvictionWarning(Info("1000000", "noeviction")));
  EXPECT_FALSE(EvictionWarning(Info("1000000", "volatile-lru"))) << "marks have no time to live";
  EXPECT_FALSE(EvictionWarning(Info("0", "allkeys-lru"))) << "without a limit nothing is evicted";
}

TEST(EvictionCheckTest, IsSilentWhereNothingIsTold) {
  EXPECT_FALSE(EvictionWarning(""));
  EXPECT_FALSE(EvictionWarning("maxmemory:5"));
}

}  // namespace
}  // namespace paracle::cachecore

#include "cachecore/redis_keys.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <thread>

#include "tests/cachecore/sealing_keys.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

TEST(RedisKeysTest, AnEntryIsNamedByNamespaceAndDigestInOneHashTag) {
  const RedisKeys keys("p:");
  const Digest digest = DigestOfQuestion(1);
  EXPECT_EQ(keys.Entry({.ns = "default", .digest = digest}),
            "p:{37a8eec1ce19687d132fe29051dca629/" + digest.ToHex() + "}:e");
}

TEST(RedisKeysTest, NamespacesAreApart) {
  const RedisKeys keys("p:");
  const Digest digest = DigestOfQuestion(1);
  EXPECT_NE(keys.Entry({.ns = "a", .digest = digest}), keys.Entry({.ns = "b", .digest = digest}));
}

TEST(RedisKeysTest, ANamespaceHasItsOwnNameWhicheverWasAskedForBefore) {
  const RedisKeys keys("p:");
  const Digest digest = DigestOfQuestion(1);
  const auto name = [&](absl::string_view ns) { return keys.Entry({.ns = ns, .digest = digest}); };
  const std::string a = name("a"), b = name("b"), empty = name("");
  EXPECT_EQ((std::set<std::string>{a, b, empty}.size()), 3u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(name("a"), a);
    EXPECT_EQ(name(""), empty);
    EXPECT_EQ(name("b"), b);
  }
  std::thread([&] { EXPECT_EQ(name("a"), a); }).join();
}

TEST(RedisKeysTest, AnEntrysKeyTellsItsTagAgain) {
  for (const RedisKeys& keys : {RedisKeys("p:"), RedisKeys("p:", NameHash(SomeKeys()))}) {
    const EntryId id{.ns = "default", .digest = DigestOfQuestion(1)};
    EXPECT_EQ(keys.EntryOf(keys.Entry(id)), keys.TagOf(id));
    for (const std::string& other :
         {std::string(), std::string("p:"), keys.Lease(id), keys.Recording(id), keys.mark_state(), keys.Entry(id) + "e",
          "x" + keys.Entry(id), keys.Entry(id).replace(5, 1, "g"), keys.Entry(id).replace(5, 1, "A"),
          keys.Entry(id).replace(35, 1, "0")}) {
      EXPECT_EQ(keys.EntryOf(other), std::nullopt) << other;
    }
  }
}

TEST(RedisKeysTest, UnderAKeyOfNamesNoDigestStandsInAKey) {
  const RedisKeys keys("p:", NameHash(SomeKeys()));
  const EntryId id{.ns = "default", .digest = DigestOfQuestion(1)};
  for (const std::string& key : {keys.Entry(id), keys.Lease(id), keys.Recording(id), keys.EntryPattern("default")}) {
    EXPECT_EQ(key.find(id.digest.ToHex()), std::string::npos);
    EXPECT_EQ(key.find("37a8eec1ce19687d132fe29051dca629"), std::string::npos);
    EXPECT_EQ(key.substr(0, 35), keys.EntryPattern("default").substr(0, 35)) << "one pattern finds a namespace";
  }
}

TEST(RedisKeysTest, WhatGlobsTakeForSignsIsEscaped) {
  const RedisKeys keys("a*b?[c]\\:");
  EXPECT_EQ(keys.EntryPattern(), "a\\*b\\?\\[c\\]\\\\:{*/*}:e");
}

TEST(RedisKeysTest, MarksAreInOneSlotAndTheChannelHasThePrefix) {
  const RedisKeys keys("p:");
  for (const std::string& key : {keys.mark_state(), keys.mark_names(), keys.mark_times()}) {
    EXPECT_EQ(key.rfind("p:{marks}:", 0), 0u) << key;
  }
  EXPECT_EQ(keys.mark_channel(), "p:marks");
}

TEST(RedisKeysTest, RefusesPrefixesThatWouldMoveTheTag) {
  for (const std::string& bad : {std::string(), std::string("a{b"), std::string("a}b"), std::string(129, 'x')}) {
    EXPECT_EQ(RedisKeys::ValidatePrefix(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_TRUE(RedisKeys::ValidatePrefix("paracle:llm:").ok());
}

}  // namespace
}  // namespace paracle::cachecore

#include "cachecore/entry_tag.h"

#include <string>
#include <thread>

#include "absl/strings/escaping.h"
#include "cachecore/redis_keys.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

TEST(EntryTagTest, QuestionsAndNamespacesHaveTagsOfTheirOwn) {
  const EntryTag tag = EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(1)});
  EXPECT_EQ(tag, EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(1)}));
  EXPECT_FALSE(tag == EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(2)}));
  EXPECT_FALSE(tag == EntryTag::Of({.ns = "b", .digest = DigestOfQuestion(1)}));
}

TEST(EntryTagTest, TheNamespaceIsTheBeginningOfItsHashAndNotItself) {
  // echo -n default | sha256sum
  constexpr char kDefault[] = "37a8eec1ce19687d132fe29051dca629";
  const Digest digest = DigestOfQuestion(1);
  const EntryTag tag = EntryTag::Of({.ns = "default", .digest = digest});
  EXPECT_EQ(absl::BytesToHexString(tag.AsBytes()), std::string(kDefault) + digest.ToHex());
  EXPECT_EQ(HashOfNamespaceInHex("default"), kDefault);
}

TEST(EntryTagTest, ComesBackFromItsBytesAndFromNoOthers) {
  const EntryTag tag = EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(1)});
  const std::string bytes(tag.AsBytes());
  EXPECT_EQ(EntryTag::FromBytes(bytes), tag);
  EXPECT_FALSE(EntryTag::FromBytes(bytes + "x"));
  EXPECT_FALSE(EntryTag::FromBytes(bytes.substr(1)));
  EXPECT_FALSE(EntryTag::FromBytes(""));
}

TEST(EntryTagTest, IsWhatRedisKeysAreMadeOf) {
  const EntryId id{.ns = "some/name:space", .digest = DigestOfQuestion(7)};
  const std::string tag = absl::BytesToHexString(EntryTag::Of(id).AsBytes());
  EXPECT_THAT(RedisKeys("p:").Lease(id), testing::StrEq("p:{" + tag.substr(0, 32) + "/" + tag.substr(32) + "}:l"));
}

TEST(EntryTagTest, ThreadsThatAskInTurnsInManyNamespacesAreToldApart) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      const std::string a = HashOfNamespaceInHex("a"), b = HashOfNamespaceInHex("b");
      EXPECT_NE(a, b);
      for (int k = 0; k < 1000; ++k) {
        EXPECT_EQ(HashOfNamespaceInHex("a"), a);
        EXPECT_EQ(HashOfNamespaceInHex("b"), b);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace paracle::cachecore

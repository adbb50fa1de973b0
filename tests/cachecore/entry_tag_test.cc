#include "cachecore/entry_tag.h"

#include <string>
#include <thread>

#include "absl/strings/escaping.h"
#include "cachecore/redis_keys.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/sealing_keys.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

TEST(EntryTagTest, QuestionsAndNamespacesHaveTagsOfTheirOwn) {
  const EntryTag tag = EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(1)}, NameHash());
  EXPECT_EQ(tag, EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(1)}, NameHash()));
  EXPECT_FALSE(tag == EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(2)}, NameHash()));
  EXPECT_FALSE(tag == EntryTag::Of({.ns = "b", .digest = DigestOfQuestion(1)}, NameHash()));
}

TEST(EntryTagTest, TheNamespaceIsTheBeginningOfItsHashAndNotItself) {
  // echo -n default | sha256sum
  constexpr char kDefault[] = "37a8eec1ce19687d132fe29051dca629";
  const Digest digest = DigestOfQuestion(1);
  const EntryTag tag = EntryTag::Of({.ns = "default", .digest = digest}, NameHash());
  EXPECT_EQ(absl::BytesToHexString(tag.AsBytes()), std::string(kDefault) + digest.ToHex());
  EXPECT_EQ(HexOfNamespace("default", NameHash()), kDefault);
}

TEST(EntryTagTest, ComesBackFromItsBytesAndFromNoOthers) {
  const EntryTag tag = EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(1)}, NameHash());
  const std::string bytes(tag.AsBytes());
  EXPECT_EQ(EntryTag::FromBytes(bytes), tag);
  EXPECT_FALSE(EntryTag::FromBytes(bytes + "x"));
  EXPECT_FALSE(EntryTag::FromBytes(bytes.substr(1)));
  EXPECT_FALSE(EntryTag::FromBytes(""));
}

TEST(EntryTagTest, IsWhatRedisKeysAreMadeOf) {
  const EntryId id{.ns = "some/name:space", .digest = DigestOfQuestion(7)};
  const std::string tag = absl::BytesToHexString(EntryTag::Of(id, NameHash()).AsBytes());
  EXPECT_THAT(RedisKeys("p:").Lease(id), testing::StrEq("p:{" + tag.substr(0, 32) + "/" + tag.substr(32) + "}:l"));
}

TEST(EntryTagTest, UnderAKeyNothingOfItCanBeGuessed) {
  const EntryId id{.ns = "default", .digest = DigestOfQuestion(1)};
  const std::string plain(EntryTag::Of(id, NameHash()).AsBytes());
  const EntryTag keyed = EntryTag::Of(id, NameHash(SomeKeys()));
  EXPECT_NE(keyed.AsBytes().substr(0, 16), plain.substr(0, 16));
  EXPECT_NE(keyed.AsBytes().substr(16), id.digest.AsBytes());
  EXPECT_FALSE(keyed == EntryTag::Of(id, NameHash(KeysOf(KeyLine("key-1", 'a'), 'm')))) << "another key of names";
  EXPECT_EQ(keyed, EntryTag::Of(id, NameHash(KeysOf(KeyLine("key-2", 'b'))))) << "the keys that seal do not matter";
}

TEST(EntryTagTest, UnderAKeyQuestionsAndNamespacesAreApart) {
  const NameHash names(SomeKeys());
  const EntryTag tag = EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(1)}, names);
  const EntryTag question = EntryTag::Of({.ns = "a", .digest = DigestOfQuestion(2)}, names);
  const EntryTag ns = EntryTag::Of({.ns = "b", .digest = DigestOfQuestion(1)}, names);
  EXPECT_EQ(tag.AsBytes().substr(0, 16), question.AsBytes().substr(0, 16)) << "a namespace can be walked through";
  EXPECT_NE(tag.AsBytes().substr(16), question.AsBytes().substr(16));
  EXPECT_NE(tag.AsBytes().substr(0, 16), ns.AsBytes().substr(0, 16));
  EXPECT_NE(tag.AsBytes().substr(16), ns.AsBytes().substr(16)) << "the same question is not seen in two namespaces";
}

// HMAC-SHA-256 with 32 times 'n', by another implementation.
TEST(EntryTagTest, UnderAKeyItIsTheSameForEver) {
  Digest digest;
  digest.bytes.fill(7);
  const EntryTag tag = EntryTag::Of({.ns = "default", .digest = digest}, NameHash(SomeKeys()));
  EXPECT_EQ(absl::BytesToHexString(tag.AsBytes()), "a9e91e008981f0b68a47304af75e9f9d"
            "f3f74ebda907128389fd9b42558da067822f7b4eca589d933b78264f5ae28e2a");
}

TEST(EntryTagTest, ManyKeysInTurnsAreToldApart) {
  const NameHash plain, one(SomeKeys()), other(KeysOf(KeyLine("key-1", 'a'), 'm'));
  const EntryId id{.ns = "a", .digest = DigestOfQuestion(1)}, second{.ns = "a", .digest = DigestOfQuestion(2)};
  const EntryTag of_plain = EntryTag::Of(id, plain), of_one = EntryTag::Of(id, one), of_other = EntryTag::Of(id, other);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(EntryTag::Of(id, one), of_one);
    EXPECT_EQ(EntryTag::Of(id, other), of_other);
    EXPECT_FALSE(EntryTag::Of(second, other) == of_other);
    EXPECT_EQ(EntryTag::Of(id, plain), of_plain);
    EXPECT_EQ(EntryTag::Of(id, NameHash(one)), of_one) << "a copy";
  }
}

TEST(EntryTagTest, ThreadsThatAskInTurnsInManyNamespacesAreToldApart) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      const std::string a = HexOfNamespace("a", NameHash()), b = HexOfNamespace("b", NameHash());
      EXPECT_NE(a, b);
      for (int k = 0; k < 1000; ++k) {
        EXPECT_EQ(HexOfNamespace("a", NameHash()), a);
        EXPECT_EQ(HexOfNamespace("b", NameHash()), b);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace paracle::cachecore

#include "cachecore/sealed_entry.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cachecore/entry_codec.h"
#include "gtest/gtest.h"
#include "tests/cachecore/sealing_keys.h"
#include "tests/cachecore/stored_entry_bytes.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

using absl::StatusCode;

EntryTag TagOf(const Answer& answer) { return EntryTag::Of(answer.Spec({}).id, NameHash()); }

std::string Seal(const EntryCodec& codec, const Answer& answer, const EntryTag& tag) {
  const absl::string_view payload = answer.payload;
  return codec.Encode(answer.Spec({&payload, 1}), tag, kBegun, kNow).value_or("");
}
std::string Seal(const EntryCodec& codec, const Answer& answer) { return Seal(codec, answer, TagOf(answer)); }

TEST(SealedEntryTest, EverythingComesBackAlsoAfterAMove) {
  const EntryCodec codec(SomeKeys());
  for (const size_t size : {size_t{0}, size_t{1}, size_t{255}, size_t{1024}, size_t{4096}, size_t{3} << 20}) {
    for (const std::string& payload : {Compressible(size), Incompressible(size)}) {
      Answer answer = FullAnswer();
      answer.payload = payload;
      auto decoded = codec.Decode(Seal(codec, answer), TagOf(answer));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      const StoredEntry entry = *std::move(decoded);
      EXPECT_TRUE(entry.payload == payload) << size;
      EXPECT_EQ(entry.head.digest, DigestOfQuestion(answer.question));
      EXPECT_EQ(entry.head.ns, answer.ns);
      EXPECT_EQ(entry.head.model, answer.model);
      EXPECT_EQ(entry.head.content_type, answer.content_type);
      EXPECT_EQ(entry.head.tags, answer.tags);
      EXPECT_EQ(entry.head.begun.epoch, kBegun.epoch);
      EXPECT_EQ(entry.head.begun.number, kBegun.number);
      EXPECT_EQ(entry.head.create_time, kNow);
      EXPECT_EQ(entry.head.expire_time, kNow + answer.ttl);
      EXPECT_EQ(entry.head.origin.cost_usd, answer.origin.cost_usd);
    }
  }
}

TEST(SealedEntryTest, TheHeadOpensWithoutTheRest) {
  const EntryCodec codec(SomeKeys());
  Answer answer = FullAnswer();
  answer.payload = Incompressible(100'000);
  const std::string bytes = Seal(codec, answer);
  const auto head = codec.DecodeHead(absl::string_view(bytes).substr(0, kStoredHeadBytes), TagOf(answer));
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->ns, answer.ns);
  EXPECT_EQ(head->tags, answer.tags);
  EXPECT_EQ(codec.DecodeHead(absl::string_view(bytes).substr(0, 100), TagOf(answer)).status().code(),
            StatusCode::kOutOfRange);
}

TEST(SealedEntryTest, NothingOfItCanBeRead) {
  const EntryCodec codec(SomeKeys());
  const Answer answer{.ns = "namespace-canary",
                      .question = 3,
                      .payload = "payload-canary",
                      .provider = "provider-canary",
                      .model = "model-canary",
                      .content_type = "type-canary",
                      .tags = {"tag-canary"}};
  const std::string bytes = Seal(codec, answer);
  EXPECT_FALSE(absl::StrContains(bytes, "canary"));
  EXPECT_FALSE(absl::StrContains(bytes, DigestOfQuestion(3).AsBytes()));
  EXPECT_TRUE(absl::StrContains(Seal(EntryCodec(), answer), "canary")) << "of a plain one it can";
}

TEST(SealedEntryTest, TheSameAnswerIsNeverSealedTheSameWay) {
  const EntryCodec codec(SomeKeys());
  std::set<std::string> salts, all;
  for (int i = 0; i < 1000; ++i) {
    const std::string bytes = Seal(codec, {});
    salts.insert(bytes.substr(7 + 6, 32));
    all.insert(bytes.substr(7 + 6 + 32));
  }
  EXPECT_EQ(salts.size(), 1000u);
  EXPECT_EQ(all.size(), 1000u);
}

TEST(SealedEntryTest, SizesTellLittle) {
  const EntryCodec codec(SomeKeys());
  const auto size_of = [&codec](const Answer& answer) { return Seal(codec, answer).size(); };
  EXPECT_EQ(size_of({.payload = "y"}), size_of({.payload = "a longer answer", .model = "gpt-4-turbo-preview"}));
  std::set<size_t> sizes;
  for (size_t size = 0; size < 4096; size += 7) sizes.insert(size_of({.payload = Incompressible(size)}));
  EXPECT_LE(sizes.size(), 17u);
  const size_t large = size_of({.payload = Incompressible(1'000'000)});
  EXPECT_LE(large, 1'062'000u + 1000u);
}

// Made by another implementation of what sealed_entry.h says.
TEST(SealedEntryTest, IsReadForEver) {
  const EntryCodec codec(KeysOf(KeyLine("2026-11", 'k')), FixedRandomness);
  const std::string bytes = Seal(codec, FullAnswer());
  const std::string golden =
      "5052434c01012807323032362d31317373737373737373737373737373737373737373737373737373737373737373900270a5a39e62"
      "7cf64e5c5e41d9589781d1830ce7eeb6738a55f42f1c6005ce8ceda9522a8279b57002746891b46cebb859f93c91edb95836a51093b3"
      "c3d4af0b759c81fe4ff32c472a67a658721c108edd089b6a96c21d45c123184d9b2dd1354a7bd4553b0d622b7b524d61cef24dc3232c"
      "08d9f85d02161a4aaf777602759a3ded19c0991b60bbc93239e6ad2ec306373fab814d96f327d809723a160f27924adc50838defb77d"
      "94a5b998e0ecd5d37003b5c230bc41d21d1aa9c3fc0fda0430b415ef2fb72c1df4a2617e13d35661d97082f5fd115db22c7fe052a4c8"
      "df7ceb59dc5be9a9d581ad977c52d44e1da13c50668b71cb043f280e38bfde41b432b73f142a44e44138c88a44b2aba356cead6cd4c0"
      "fefdaeaf9873223d5207043d4317e23863348310d3eb280d7c0029ecf07f67e2f0794cc9e0ee7867a50902383d049b7f80fa6610b223"
      "52ae1fbfc94f1318c0ea90b49d136eff8c998dd5d329f384c86e1fc030af3c7fa754c6de40d7af18591793202b58495dd0d3c7fdd393"
      "2d5b6f84f3159a6e11a1c7514b87953d6aef920cdbadf8b6abe7067fb4cbb27cca99ce068ee2e4c0d5569d79b877977e909f488d735a"
      "947a2e7006f1186aacb6f57515db22bcde21f1556a9afc0a92d3c2471263f7f44c0b71df2b109e73c7ea15ddcbee39f905fd4d94ab59"
      "178e61bd5bd4079eb774be93b9aac86b7738a980f1b77e83603a7beaf15da4e9274e6ad29af728ff3912d3c7754d73b7e8c3887b9a";
  EXPECT_EQ(absl::BytesToHexString(bytes), golden);
  const auto entry = codec.Decode(absl::HexStringToBytes(golden), TagOf(FullAnswer()));
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->payload, FullAnswer().payload);
}

TEST(SealedEntryTest, WithoutRandomnessNothingIsSealed) {
  const EntryCodec codec(SomeKeys(), NoRandomness);
  EXPECT_EQ(codec.Encode(Answer().Spec({}), TagOf({}), kBegun, kNow), std::nullopt);
}

TEST(SealedEntryTest, PlainEntriesAreNoneForWhoHasKeysAndSealedOnesForWhoHasNot) {
  const EntryCodec plain, sealing(SomeKeys());
  EXPECT_EQ(sealing.Decode(Seal(plain, {}), TagOf({})).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(sealing.DecodeHead(Seal(plain, {}), TagOf({})).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(plain.Decode(Seal(sealing, {}), TagOf({})).status().code(), StatusCode::kUnimplemented);
  EXPECT_EQ(plain.DecodeHead(Seal(sealing, {}), TagOf({})).status().code(), StatusCode::kUnimplemented);
}

TEST(SealedEntryTest, TheNewestKeySealsAndEveryKeyThatIsThereOpens) {
  const EntryCodec old(KeysOf(KeyLine("old", 'o'))), both(KeysOf(KeyLine("old", 'o') + KeyLine("new", 'w'))),
      retired(KeysOf(KeyLine("new", 'w')));
  const std::string by_old = Seal(old, {}), by_both = Seal(both, {});
  EXPECT_TRUE(both.Decode(by_old, TagOf({})).ok());
  EXPECT_TRUE(retired.Decode(by_both, TagOf({})).ok()) << "it was the newest";
  EXPECT_EQ(retired.Decode(by_old, TagOf({})).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(old.Decode(by_both, TagOf({})).status().code(), StatusCode::kFailedPrecondition);
}

TEST(SealedEntryTest, AnotherKeyOfTheSameIdDoesNotOpenIt) {
  const EntryCodec one(KeysOf(KeyLine("key", 'a'))), other(KeysOf(KeyLine("key", 'b')));
  EXPECT_EQ(other.Decode(Seal(one, {}), TagOf({})).status().code(), StatusCode::kUnauthenticated);
}

TEST(SealedEntryTest, ANamespaceWhoseKeyIsGoneIsGone) {
  const EntryCodec with(KeysOf(KeyLine("all", 'a') + KeyLine("acme", 'c', "acme")));
  const EntryCodec without(KeysOf(KeyLine("all", 'a')));
  const Answer acme{.ns = "acme"}, other{.ns = "other"};
  const std::string of_acme = Seal(with, acme), of_other = Seal(with, other);
  EXPECT_TRUE(with.Decode(of_acme, TagOf(acme)).ok());
  EXPECT_EQ(without.Decode(of_acme, TagOf(acme)).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(without.Decode(of_other, TagOf(other)).ok());
}

TEST(SealedEntryTest, TheKeyOfANamespaceOpensNothingOfAnother) {
  // The same id and bytes, once for one namespace and once for all.
  const EntryCodec for_all(KeysOf(KeyLine("key", 'a')));
  const EntryCodec for_acme(KeysOf(KeyLine("x", 'x') + KeyLine("key", 'a', "acme")));
  const Answer acme{.ns = "acme"}, other{.ns = "other"};
  EXPECT_TRUE(for_acme.Decode(Seal(for_all, acme), TagOf(acme)).ok());
  EXPECT_EQ(for_acme.Decode(Seal(for_all, other), TagOf(other)).status().code(), StatusCode::kDataLoss);
}

TEST(SealedEntryTest, EveryTruncationAndAnythingBehindIsRefused) {
  const EntryCodec codec(SomeKeys());
  const std::string bytes = Seal(codec, FullAnswer());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(codec.Decode(bytes.substr(0, size), TagOf(FullAnswer())).ok()) << size;
    // A copy of exactly this size, so that AddressSanitizer sees every byte read beyond it.
    const std::vector<char> copy(bytes.begin(), bytes.begin() + size);
    (void)codec.DecodeHead({copy.data(), copy.size()}, TagOf(FullAnswer()));
  }
  EXPECT_FALSE(codec.Decode(bytes + '\0', TagOf(FullAnswer())).ok());
  EXPECT_FALSE(codec.Decode(bytes + bytes, TagOf(FullAnswer())).ok());
}

TEST(SealedEntryTest, AnythingElseInRedisIsRefused) {
  const EntryCodec codec(SomeKeys());
  for (const absl::string_view thing : {absl::string_view(""), absl::string_view("P"), absl::string_view("hello"),
                                        absl::string_view("PRCL\1\1\0", 7), absl::string_view("PRCL\1\1\xff", 7),
                                        absl::string_view("PRCL\2\1\0", 7), absl::string_view("PRCL\1\3\0", 7)}) {
    EXPECT_FALSE(codec.Decode(std::string(thing), TagOf({})).ok()) << absl::CEscape(thing);
    EXPECT_FALSE(codec.DecodeHead(thing, TagOf({})).ok()) << absl::CEscape(thing);
  }
}

}  // namespace
}  // namespace paracle::cachecore

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

TEST(SealedEntryTest, IsReadForEver) {
  const EntryCodec codec(KeysOf(KeyLine("2026-11", 'k')), FixedRandomness);
  const std::string bytes = Seal(codec, FullAnswer());
  const std::string golden =
      "5052434c01012807323032362d3131737373737373737373737373737373737373737373737373737373737373737390023394f5e6b9"
      "661a6715a821ab42c2c8d6bdeb16e12bdab206b4e34d8a7c78e8a902557c77a6357706e80f325267fad6bd4a07a9c74c61dd817f2857"
      "87033d0e7a4b02be59463bcb9a6c090d41553f09ed930e7bfa6d29fae57eda45950d2e30b76ee9d74591b9dd00a53cedfd72b6ef9bd7"
      "69c63803b48305cb16175699e3f09ec04a45adc58261b06c64bbca7c3b93037c93d7437299fbd5a6bf81e9936c511d3df032a1f038ab"
      "fc185189a43dfb117d601e3037cb848ad4135482f09049f705bb48a2b365375ba900a69e385f7c7e5c01e4592f949c7159490e705f19"
      "ee9e20ace7bb6557b6790a11a67d11d82c647881aa342490d59e2e8307c16e00b8345543d6d9bf3a9d45aeb26591b088865e03336773"
      "4f331ae8a40fe19978c798b3c585631c4a52f77100d49de1861b94e8d92520323b353c26e1d0cf5fbf38b69dc75697895f8505bcae45"
      "afae98681ce70a655ea9f6113afd90fdf296db9eeb3c5afb3b71ee2981e7ac9902a9e12eba593aeb5329deaea2f2bae021d02ae2b976"
      "e1a99a873b411d6047704bcd21533d5410dcd87e47f343bef94e1b6228177d856048135dac14911a4c977a7122d4248460f1a18765f9"
      "fcda70b58f09b7aadde1ad22bd218ec594b59bbedc352f407edaab787503ccf6a0bf82daafde9a35200f5af1250606870d16136133e3"
      "2f460ab534cc9834c7ccef87f264829d79a658f659468e65bade7d284a845c8864d10cc0786927984be754b837621851e86a1de647";
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
    // A copy of exactly this size, so that AddressSanitizer sees every byte read beyond it.
    const std::vector<char> copy(bytes.begin(), bytes.begin() + size);
    ASSERT_FALSE(codec.Decode({copy.data(), copy.size()}, TagOf(FullAnswer())).ok()) << size;
  }
  EXPECT_FALSE(codec.Decode(bytes + '\0', TagOf(FullAnswer())).ok());
  EXPECT_FALSE(codec.Decode(bytes + bytes, TagOf(FullAnswer())).ok());
}

TEST(SealedEntryTest, AnythingElseInRedisIsRefused) {
  const EntryCodec codec(SomeKeys());
  for (const absl::string_view thing : {absl::string_view(""), absl::string_view("P"), absl::string_view("hello"),
                                        absl::string_view("PRCL\1\1\0", 7), absl::string_view("PRCL\1\1\xff", 7),
                                        absl::string_view("PRCL\2\1\0", 7), absl::string_view("PRCL\1\3\0", 7)}) {
    EXPECT_FALSE(codec.Decode(thing, TagOf({})).ok()) << absl::CEscape(thing);
    EXPECT_FALSE(codec.DecodeHead(thing, TagOf({})).ok()) << absl::CEscape(thing);
  }
}

}  // namespace
}  // namespace paracle::cachecore

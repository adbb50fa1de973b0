#include "cachecore/sealed_part.h"

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "cachecore/entry_codec.h"
#include "gtest/gtest.h"
#include "tests/cachecore/sealing_keys.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

RecordingPart PartOf(int question, uint64_t lease, uint64_t number, absl::string_view ns = "default") {
  const EntryTag tag = EntryTag::Of({.ns = ns, .digest = DigestOfQuestion(question)}, NameHash());
  return {.ns = ns, .tag = tag, .lease = lease, .number = number};
}

class SealedPartTest : public testing::Test {
 protected:
  std::string Seal(const RecordingPart& part, absl::string_view text) { return *codec_.EncodePart(part, text); }

  const EntryCodec codec_{SomeKeys()};
  const RecordingPart part_ = PartOf(1, 7, 3);
};

TEST_F(SealedPartTest, TextsOfAllSizesComeBack) {
  for (const size_t size : {0, 1, 62, 63, 64, 300, 5000, 1 << 20}) {
    const std::string text(size, 'x');
    const auto opened = codec_.DecodePart(part_, Seal(part_, text));
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_TRUE(*opened == text) << size;
  }
}

TEST_F(SealedPartTest, OpensAsNothingElse) {
  const std::string bytes = Seal(part_, "text");
  ASSERT_TRUE(codec_.DecodePart(part_, bytes).ok());
  for (const RecordingPart& other :
       {PartOf(2, 7, 3), PartOf(1, 8, 3), PartOf(1, 7, 4), PartOf(1, 7, 2), PartOf(1, 7, 3, "other")}) {
    EXPECT_TRUE(absl::IsUnauthenticated(codec_.DecodePart(other, bytes).status()));
  }
}

TEST_F(SealedPartTest, ChangedOrCutBytesAreRefused) {
  const std::string bytes = Seal(part_, "text");
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(codec_.DecodePart(part_, changed).ok()) << at;
    EXPECT_FALSE(codec_.DecodePart(part_, bytes.substr(0, at)).ok()) << at;
  }
  EXPECT_FALSE(codec_.DecodePart(part_, bytes + "x").ok());
  EXPECT_FALSE(codec_.DecodePart(part_, "text").ok()) << "in the clear";
}

TEST_F(SealedPartTest, ShortTextsLookAlikeAndNeverTheSame) {
  std::set<size_t> sizes;
  std::set<std::string> all;
  for (size_t size = 0; size < 60; ++size) {
    const std::string bytes = Seal(part_, std::string(size, 'a'));
    EXPECT_FALSE(absl::StrContains(bytes, "aaaa"));
    sizes.insert(bytes.size());
    all.insert(bytes);
    all.insert(Seal(part_, std::string(size, 'a')));
  }
  EXPECT_EQ(sizes.size(), 1u);
  EXPECT_EQ(all.size(), 120u);
}

TEST_F(SealedPartTest, TheKeyOfANamespaceIsForItAlone) {
  const EntryCodec for_all(KeysOf(KeyLine("key", 'a')));
  const EntryCodec for_acme(KeysOf(KeyLine("x", 'x') + KeyLine("key", 'a', "acme")));
  const RecordingPart acme = PartOf(1, 7, 3, "acme");
  EXPECT_TRUE(for_acme.DecodePart(acme, *for_all.EncodePart(acme, "text")).ok());
  EXPECT_FALSE(for_acme.DecodePart(part_, *for_all.EncodePart(part_, "text")).ok());
}

TEST_F(SealedPartTest, WithoutRandomnessNothingIsSealedAndWithoutKeysTheTextIsThePart) {
  EXPECT_EQ(EntryCodec(SomeKeys(), NoRandomness).EncodePart(part_, "text"), std::nullopt);
  EXPECT_EQ(*EntryCodec().EncodePart(part_, "text"), "text");
  EXPECT_EQ(*EntryCodec().DecodePart(part_, "text"), "text");
}

}  // namespace
}  // namespace paracle::cachecore

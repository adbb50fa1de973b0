#include "cachecore/encryption/aead.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace paracle::cachecore::encryption {
namespace {

struct Vector {
  std::string key, nonce, associated, text, sealed, tag;
  bool refused = false;
};

Nonce ToNonce(absl::string_view bytes) {
  Nonce nonce;
  EXPECT_EQ(bytes.size(), kNonceSize);
  std::copy(bytes.begin(), bytes.end(), nonce.begin());
  return nonce;
}

// NIST's own notation: "NAME = hex" lines, a blank line behind each vector; "FAIL" instead of a text.
std::vector<Vector> ReadVectors(const std::string& name) {
  std::ifstream file(absl::StrCat(PARACLE_GCM_VECTORS, "/", name));
  EXPECT_TRUE(file) << name;
  std::vector<Vector> vectors;
  std::string line;
  while (std::getline(file, line)) {
    const size_t equals = line.find('=');
    const std::string field = line.substr(0, line.find(' '));
    const std::string value =
        equals == std::string::npos ? "" : absl::HexStringToBytes(line.substr(std::min(equals + 2, line.size())));
    if (field == "Count") vectors.emplace_back();
    if (field == "FAIL") vectors.back().refused = true;
    if (field == "Key") vectors.back().key = value;
    if (field == "IV") vectors.back().nonce = value;
    if (field == "PT") vectors.back().text = value;
    if (field == "AAD") vectors.back().associated = value;
    if (field == "CT") vectors.back().sealed = value;
    if (field == "Tag") vectors.back().tag = value;
  }
  return vectors;
}

struct SealedText {
  std::string text, tag;
};

SealedText SealText(absl::string_view key, const Nonce& nonce, absl::string_view associated, std::string text) {
  std::string tag(kTagSize, '\0');
  Seal(key, nonce, associated, absl::MakeSpan(text), absl::MakeSpan(tag));
  return {std::move(text), std::move(tag)};
}

bool Opens(const Vector& vector, std::string* text) {
  text->assign(vector.sealed.size(), 'x');
  return Opener(vector.key)
      .Open(ToNonce(vector.nonce), vector.associated, vector.sealed, vector.tag, absl::MakeSpan(*text));
}

TEST(AeadTest, SealsAsNistSays) {
  const std::vector<Vector> vectors = ReadVectors("gcm_encrypt_256.rsp");
  ASSERT_EQ(vectors.size(), 375u);
  for (const Vector& vector : vectors) {
    const SealedText sealed = SealText(vector.key, ToNonce(vector.nonce), vector.associated, vector.text);
    EXPECT_EQ(sealed.text, vector.sealed);
    EXPECT_EQ(sealed.tag, vector.tag);
  }
}

TEST(AeadTest, OpensAsNistSays) {
  const std::vector<Vector> vectors = ReadVectors("gcm_decrypt_256.rsp");
  ASSERT_EQ(vectors.size(), 375u);
  int refused = 0;
  for (const Vector& vector : vectors) {
    std::string text;
    EXPECT_EQ(Opens(vector, &text), !vector.refused);
    EXPECT_EQ(text, vector.refused ? std::string(vector.sealed.size(), '\0') : vector.text);
    refused += vector.refused;
  }
  EXPECT_GT(refused, 100) << "NIST's failures are among them";
}

TEST(AeadTest, WhatIsKnownToBeAuthenticOpensWithoutItsTagBetweenOthers) {
  for (const Vector& vector : ReadVectors("gcm_encrypt_256.rsp")) {
    const Opener opener(vector.key);
    std::string text = vector.sealed, other = vector.sealed;
    opener.OpenKnown(ToNonce(vector.nonce), text, absl::MakeSpan(text));
    EXPECT_EQ(text, vector.text);
    EXPECT_TRUE(opener.Open(ToNonce(vector.nonce), vector.associated, other, vector.tag, absl::MakeSpan(other)));
  }
}

TEST(AeadTest, ChangedBitsAreRefusedWhereverTheyAre) {
  const std::vector<Vector> vectors = ReadVectors("gcm_encrypt_256.rsp");
  const Vector& whole = vectors.back();
  std::string text;
  ASSERT_TRUE(Opens(whole, &text));
  for (std::string Vector::*part : {&Vector::key, &Vector::nonce, &Vector::associated, &Vector::sealed, &Vector::tag}) {
    for (size_t bit = 0; bit < 8 * (whole.*part).size(); ++bit) {
      Vector changed = whole;
      char& byte = (changed.*part)[bit / 8];
      byte = static_cast<char>(byte ^ 1 << bit % 8);
      ASSERT_FALSE(Opens(changed, &text)) << bit;
      ASSERT_EQ(text, std::string(whole.sealed.size(), '\0')) << "nothing of a text that is not authentic gets out";
    }
  }
}

TEST(AeadTest, ACutTagIsRefused) {
  Vector vector = ReadVectors("gcm_encrypt_256.rsp").back();
  std::string text;
  while (!vector.tag.empty()) {
    vector.tag.pop_back();
    EXPECT_FALSE(Opens(vector, &text)) << vector.tag.size();
  }
}

TEST(AeadTest, OpensWhereItStands) {
  const std::string key(kKeySize, 'k'), text = "something longer than one block of sixteen bytes";
  SealedText sealed = SealText(key, NonceOf(7), "with it", text);
  EXPECT_NE(sealed.text, text);
  EXPECT_TRUE(Opener(key).Open(NonceOf(7), "with it", sealed.text, sealed.tag, absl::MakeSpan(sealed.text)));
  EXPECT_EQ(sealed.text, text);
}

TEST(AeadTest, OpenersInTurnsKeepTheirKeys) {
  const std::string one(kKeySize, '1'), two(kKeySize, '2');
  const Opener first(one), second(two);
  for (int i = 0; i < 4; ++i) {
    for (const auto& [opener, key] : {std::pair(&first, &one), std::pair(&first, &one), std::pair(&second, &two)}) {
      SealedText sealed = SealText(*key, NonceOf(static_cast<uint64_t>(i)), "", "text");
      EXPECT_TRUE(opener->Open(NonceOf(static_cast<uint64_t>(i)), "", sealed.text, sealed.tag,
                               absl::MakeSpan(sealed.text)));
      EXPECT_EQ(sealed.text, "text");
    }
  }
}

TEST(AeadTest, NoncesCountInBigEndianOrder) {
  EXPECT_EQ(NonceOf(0x0102030405060708), ToNonce(absl::string_view("\0\0\0\0\1\2\3\4\5\6\7\10", 12)));
}

}  // namespace
}  // namespace paracle::cachecore::encryption

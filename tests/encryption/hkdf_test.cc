#include "cachecore/encryption/hkdf.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace paracle::cachecore::encryption {
namespace {

std::string Counting(int from, int to) {
  std::string bytes;
  for (int i = from; i <= to; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

std::string HexOfKey(absl::string_view secret, absl::string_view salt, absl::string_view info, size_t size) {
  std::string key(size, '\0');
  HkdfSha256(secret, salt, info, absl::MakeSpan(key));
  return absl::BytesToHexString(key);
}

// RFC 5869, appendix A.
TEST(HkdfTest, GivesWhatTheRfcSays) {
  EXPECT_EQ(HexOfKey(std::string(22, '\x0b'), Counting(0x00, 0x0c), Counting(0xf0, 0xf9), 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(HexOfKey(Counting(0x00, 0x4f), Counting(0x60, 0xaf), Counting(0xb0, 0xff), 82),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(HexOfKey(std::string(22, '\x0b'), "", "", 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// The same vectors, from the key that the RFC says the first half gives.
TEST(HkdfTest, ExpandsAsTheRfcSays) {
  std::string key(42, '\0');
  HkdfExpandSha256(absl::HexStringToBytes("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"),
                   Counting(0xf0, 0xf9), absl::MakeSpan(key));
  EXPECT_EQ(absl::BytesToHexString(key),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(HkdfTest, AnotherSaltOrPurposeIsAnotherKey) {
  const std::string key = HexOfKey("secret", "salt", "purpose", 32);
  EXPECT_NE(HexOfKey("secret", "tlas", "purpose", 32), key);
  EXPECT_NE(HexOfKey("secret", "salt", "other", 32), key);
  EXPECT_NE(HexOfKey("other", "salt", "purpose", 32), key);
}

}  // namespace
}  // namespace paracle::cachecore::encryption

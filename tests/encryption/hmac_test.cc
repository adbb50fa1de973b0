#include "cachecore/encryption/hmac.h"

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "cachecore/encryption/hkdf.h"
#include "cachecore/encryption/secret.h"
#include "gtest/gtest.h"

namespace paracle::cachecore::encryption {
namespace {

std::string HexOfMac(absl::string_view key, std::initializer_list<absl::string_view> pieces) {
  char mac[kMacSize];
  HmacSha256(key, pieces, absl::MakeSpan(mac));
  return absl::BytesToHexString({mac, kMacSize});
}

struct Vector {
  const char* why;
  std::string key, text;
  const char* mac;
};

// RFC 4231, section 4; its case 5 is about tags that are cut, of which there are none here.
const Vector kVectors[] = {
    {"1: a short key", std::string(20, '\x0b'), "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"2: a key shorter than the MAC", "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"3: key and text over a block", std::string(20, '\xaa'), std::string(50, '\xdd'),
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"6: a key longer than a block", std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"7: both longer than a block", std::string(131, '\xaa'),
     "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed "
     "before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

TEST(HmacTest, GivesWhatTheRfcSays) {
  for (const Vector& vector : kVectors) EXPECT_EQ(HexOfMac(vector.key, {vector.text}), vector.mac) << vector.why;
}

TEST(HmacTest, PiecesAreOneText) {
  const absl::string_view text = kVectors[4].text;
  EXPECT_EQ(HexOfMac(kVectors[4].key, {text.substr(0, 1), "", text.substr(1, 70), text.substr(71)}), kVectors[4].mac);
}

TEST(HmacTest, MayBeWrittenOverItsText) {
  char bytes[kMacSize] = "a text of thirty-one characters";
  const std::string expected = HexOfMac("key", {{bytes, kMacSize}});
  HmacSha256("key", {{bytes, kMacSize}}, absl::MakeSpan(bytes));
  EXPECT_EQ(absl::BytesToHexString({bytes, kMacSize}), expected);
}

TEST(HmacTest, AKeyThatIsKeptGivesWhatItsBytesGive) {
  const std::string key = "thirty-two bytes, none of random";
  std::string taken = key;
  const std::shared_ptr<const Secret> secret = Secret::Take(absl::MakeSpan(taken));
  for (const size_t size : {0, 1, 55, 56, 63, 64, 65, 1000}) {
    const std::string text(size, 't');
    char mac[kMacSize];
    HmacSha256(*secret, {text, "."}, absl::MakeSpan(mac));
    EXPECT_EQ(absl::BytesToHexString({mac, kMacSize}), HexOfMac(key, {text, "."})) << size;
    std::string expanded(80, '\0'), of_secret(80, '\0');
    HkdfExpandSha256(key, text, absl::MakeSpan(expanded));
    HkdfExpandSha256(*secret, text, absl::MakeSpan(of_secret));
    EXPECT_EQ(of_secret, expanded) << size;
  }
}

}  // namespace
}  // namespace paracle::cachecore::encryption

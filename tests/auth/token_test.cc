#include "service/auth/token.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace paracle::service::auth {
namespace {

const std::string kSecret(43, 'A');

TEST(TokenTest, NewOnesHaveTheFormAndAreNeverAlike) {
  const auto one = NewToken("agents");
  const auto other = NewToken("agents");
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_TRUE(IsToken(*one)) << "as it should be";
  EXPECT_TRUE(absl::StartsWith(*one, "paracle_agents_"));
  EXPECT_EQ(one->size(), std::string("paracle_agents_").size() + 43);
  EXPECT_NE(*one, *other);
}

TEST(TokenTest, WhatHasNotTheFormIsNone) {
  EXPECT_TRUE(IsToken("paracle_a_" + kSecret));
  EXPECT_TRUE(IsToken("paracle_a_b-c.d_" + kSecret));
  EXPECT_TRUE(IsToken("paracle_a_" + std::string(43, '_')));
  for (const std::string& text :
       {std::string(), std::string("password"), "paracle_" + kSecret, "paracle__" + kSecret, "Paracle_a_" + kSecret,
        "paracle_a b_" + kSecret, "paracle_a_A" + kSecret.substr(2), "paracle_a_" + kSecret.substr(1) + "=",
        "paracle_a_" + kSecret.substr(1) + " ", "paracle_" + std::string(65, 'a') + "_" + kSecret}) {
    EXPECT_FALSE(IsToken(text)) << text;
  }
}

TEST(TokenTest, HashIsSha256OfAllOfIt) {
  // printf %s abc | sha256sum
  constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(ToHex(HashOf("abc")), kAbc);
  ASSERT_TRUE(HashFromHex(kAbc).has_value());
  EXPECT_TRUE(SameHash(*HashFromHex(kAbc), HashOf("abc")));
  EXPECT_FALSE(SameHash(HashOf("abd"), HashOf("abc")));
}

TEST(TokenTest, OtherThan64HexDigitsIsNoHash) {
  EXPECT_FALSE(HashFromHex("").has_value());
  EXPECT_FALSE(HashFromHex(std::string(63, 'a')).has_value());
  EXPECT_FALSE(HashFromHex(std::string(63, 'a') + "g").has_value());
}

}  // namespace
}  // namespace paracle::service::auth

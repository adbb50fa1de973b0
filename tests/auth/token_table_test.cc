#include "service/auth/token_table.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paracle::service::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string LineFor(const std::string& id, const std::string& token) {
  return absl::StrCat("id=", id, " sha256=", ToHex(HashOf(token)), " roles=reader namespaces=*\n");
}

TEST(TokenTableTest, FindsEachByWhatProvesIt) {
  const auto table = TokenTable::Parse(absl::StrCat("# people\n\n", LineFor("a", "t-1"), LineFor("a", "t-2"),
                                                    "id=b uri=spiffe://x/b roles=reader namespaces=*\n",
                                                    "id=c dns=c.example roles=reader namespaces=*"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->FindToken(HashOf("t-1"))->id, "a");
  EXPECT_EQ((*table)->FindToken(HashOf("t-2"))->id, "a") << "two tokens of one id: how they are rotated";
  EXPECT_EQ((*table)->FindUri("spiffe://x/b")->id, "b");
  EXPECT_EQ((*table)->FindDns("C.example")->id, "c");
  EXPECT_EQ((*table)->FindToken(HashOf("t-3")), nullptr);
  EXPECT_EQ((*table)->FindToken(TokenHash{}), nullptr) << "what unknown ones are compared with";
  EXPECT_EQ((*table)->FindUri("c.example"), nullptr) << "a URI is no host name";
  EXPECT_EQ((*table)->FindDns("spiffe://x/b"), nullptr);
}

TEST(TokenTableTest, AHashMustBeTheSameToItsLastByte) {
  const auto table = TokenTable::Parse(LineFor("a", "t-1"));
  TokenHash near = HashOf("t-1");
  near[31] ^= 1;
  EXPECT_EQ((*table)->FindToken(near), nullptr);
}

TEST(TokenTableTest, RefusalsNameTheLine) {
  const auto wrong = TokenTable::Parse(absl::StrCat("# a comment\n", LineFor("a", "t"), "id=b roles=reader\n"));
  EXPECT_THAT(std::string(wrong.status().message()), StartsWith("line 3: namespaces: "));
  const auto twice = TokenTable::Parse(absl::StrCat(LineFor("a", "t"), LineFor("b", "t")));
  EXPECT_THAT(std::string(twice.status().message()), StartsWith("line 2: "));
}

TEST(TokenTableTest, AFileThatNamesNobodyIsRefused) {
  for (const char* text : {"", "\n\n", "# nobody\n"}) {
    EXPECT_THAT(std::string(TokenTable::Parse(text).status().message()), HasSubstr("names nobody"));
  }
}

}  // namespace
}  // namespace paracle::service::auth

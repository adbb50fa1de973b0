#include "service/auth/token_line.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paracle::service::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kHash = ToHex(HashOf("secret"));

TEST(TokenLineTest, ReadsAToken) {
  const auto line = ParseTokenLine(absl::StrCat(
      "expires=2027-02-01T00:00:00+01:00  namespaces=acme,acme/dev roles=reader,admin\tsha256=", kHash, " id=agents"));
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->proof, TokenLine::Proof::kToken);
  EXPECT_EQ(line->hash, HashOf("secret"));
  EXPECT_EQ(line->identity.id, "agents");
  EXPECT_TRUE(line->identity.roles.HasAnyOf(Role::kReader) && line->identity.roles.HasAnyOf(Role::kAdmin));
  EXPECT_FALSE(line->identity.roles.HasAnyOf(Role::kWriter | Role::kInvalidator));
  EXPECT_THAT(line->identity.namespaces, ElementsAre("acme", "acme/dev"));
  EXPECT_TRUE(line->identity.MayUse("acme") && !line->identity.MayUse("acm") && !line->identity.MayUse("*"));
  EXPECT_EQ(line->identity.expires, absl::FromUnixSeconds(1801436400));
}

TEST(TokenLineTest, ReadsCertificates) {
  const auto uri = ParseTokenLine("id=w uri=spiffe://a/b?c=d roles=writer namespaces=*");
  ASSERT_TRUE(uri.ok()) << uri.status();
  EXPECT_EQ(uri->proof, TokenLine::Proof::kUri);
  EXPECT_EQ(uri->name, "spiffe://a/b?c=d");
  EXPECT_TRUE(uri->identity.MayUse("anything"));
  EXPECT_EQ(uri->identity.expires, absl::InfiniteFuture());
  const auto dns = ParseTokenLine("id=w dns=Worker.Example.com roles=writer namespaces=default");
  ASSERT_TRUE(dns.ok()) << dns.status();
  EXPECT_EQ(dns->name, "worker.example.com");
}

TEST(TokenLineTest, WhatItWritesItReads) {
  Identity identity{.id = "agents",
                    .roles = Role::kWriter | Role::kInvalidator,
                    .namespaces = {"a", "b"},
                    .expires = absl::FromUnixSeconds(1801436400)};
  const auto line = ParseTokenLine(FormatTokenLine(HashOf("secret"), identity));
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->hash, HashOf("secret"));
  EXPECT_EQ(line->identity.namespaces, identity.namespaces);
  EXPECT_EQ(line->identity.expires, identity.expires);
  EXPECT_FALSE(line->identity.roles.HasAnyOf(Role::kReader | Role::kAdmin));
}

struct Refused {
  const char* why;
  std::string line;
  const char* field;
  const char* accepts;
};

TEST(TokenLineTest, WhatIsWrongIsNamedByFieldWithWhatIsAccepted) {
  const std::string proof = "sha256=" + kHash;
  const Refused cases[] = {
      {"no id", proof + " roles=reader namespaces=*", "id: ", "missing"},
      {"an id with spaces cannot be; with a slash neither", "id=a/b " + proof + " roles=reader namespaces=*",
       "id: ", "1 to 64 of"},
      {"half a hash", "id=a sha256=abcd roles=reader namespaces=*", "sha256: ", "64 hex digits"},
      {"no proof", "id=a roles=reader namespaces=*", "sha256: ", "exactly one of"},
      {"two proofs", "id=a dns=b " + proof + " roles=reader namespaces=*", "sha256: ", "exactly one of"},
      {"a role that is none", "id=a " + proof + " roles=reader,root namespaces=*", "roles: ", "\"root\" is none of"},
      {"no roles", "id=a " + proof + " roles= namespaces=*", "roles: ", "none of reader"},
      {"no namespaces", "id=a " + proof + " roles=reader", "namespaces: ", "missing"},
      {"a star among others", "id=a " + proof + " roles=reader namespaces=a,*", "namespaces: ", "want *, or"},
      {"an empty namespace", "id=a " + proof + " roles=reader namespaces=a,", "namespaces: ", "want *, or"},
      {"a day is no time", "id=a " + proof + " roles=reader namespaces=* expires=2027-02-01",
       "expires: ", "T00:00:00Z"},
      {"infinity is none", "id=a " + proof + " roles=reader namespaces=* expires=infinite-future", "expires: ", "want"},
      {"twice", "id=a id=b " + proof + " roles=reader namespaces=*", "id: ", "twice"},
      {"a wildcard", "id=a dns=*.example.com roles=reader namespaces=*", "dns: ", "without wildcards"},
      {"a path is no URI", "id=a uri=/path roles=reader namespaces=*", "uri: ", "spiffe://"},
      {"an unknown name", "id=a secret=x " + proof + " roles=reader namespaces=*", "field 2: ", "one of id, sha256"},
  };
  for (const Refused& refused : cases) {
    const auto line = ParseTokenLine(refused.line);
    ASSERT_FALSE(line.ok()) << refused.why;
    EXPECT_THAT(std::string(line.status().message()), StartsWith(refused.field)) << refused.why;
    EXPECT_THAT(std::string(line.status().message()), HasSubstr(refused.accepts)) << refused.why;
  }
}

TEST(TokenLineTest, ATokenPastedIntoTheFileIsNotRepeated) {
  const std::string token = *NewToken("agents");
  for (const std::string& text : {token, "sha256=" + token, "token=" + token}) {
    EXPECT_THAT(std::string(ParseTokenLine(text).status().message()), Not(HasSubstr(token))) << "it goes to a log";
  }
}

}  // namespace
}  // namespace paracle::service::auth

#include "service/auth/authenticator.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/auth/temporary_directory.h"
#include "tests/support/fake_clock.h"

namespace paracle::service::auth {
namespace {

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() {
    const absl::Time expires = clock_.WallTime() + absl::Hours(1);
    const std::string file = directory_.Write(
        "tokens", absl::StrCat("id=agents sha256=", ToHex(HashOf(token_)), " roles=writer namespaces=a,b\n",
                               "id=guest sha256=", ToHex(HashOf(guest_)), " roles=reader namespaces=a expires=",
                               absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", expires, absl::UTCTimeZone()), "\n",
                               "id=worker uri=spiffe://x/worker roles=reader,writer namespaces=b,c\n",
                               "id=host dns=host.example roles=admin namespaces=*\n"));
    authenticator_.emplace(*TokenStore::Open(file), &clock_);
  }

  absl::StatusOr<Caller> Ask(const Evidence& evidence) const { return authenticator_->Authenticate(evidence); }
  absl::StatusOr<Caller> AskWith(const std::string& authorization) const { return Ask({{authorization}, {}, {}}); }

  const std::string token_ = *NewToken("agents");
  const std::string guest_ = *NewToken("guest");
  cachecore::FakeClock clock_;
  TemporaryDirectory directory_;
  std::optional<Authenticator> authenticator_;
};

TEST_F(AuthenticatorTest, ATokenProvesItsOwner) {
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER  "}) {
    const auto caller = AskWith(scheme + token_);
    ASSERT_TRUE(caller.ok()) << scheme;
    EXPECT_EQ(caller->id(), "agents");
    EXPECT_TRUE(caller->HasAnyOf(Role::kWriter) && !caller->HasAnyOf(Role::kAdmin));
    EXPECT_TRUE(caller->MayUse("b") && !caller->MayUse("c") && !caller->MayUseAll());
    EXPECT_FALSE(caller->unrestricted());
  }
}

TEST_F(AuthenticatorTest, WhateverIsWrongIsRefusedInTheSameWords) {
  const std::string unknown_id = *NewToken("nobody");
  std::string wrong_secret = token_;
  wrong_secret.back() = wrong_secret.back() == 'A' ? 'B' : 'A';
  const absl::Status nothing = Ask({}).status();
  EXPECT_EQ(nothing.code(), absl::StatusCode::kUnauthenticated);
  for (const std::string& wrong : {"Bearer " + unknown_id, "Bearer " + wrong_secret, "Bearer " + token_ + "x", token_,
                                   "Basic " + token_, std::string("Bearer "), std::string("Bearer"), std::string()}) {
    EXPECT_EQ(AskWith(wrong).status(), nothing) << wrong;
  }
  const std::string good = "Bearer " + token_;
  EXPECT_EQ(Ask({{good, good}, {}, {}}).status(), nothing) << "two";
}

TEST_F(AuthenticatorTest, ATokenEndsWhenItsLineSaysSo) {
  EXPECT_TRUE(AskWith("Bearer " + guest_).ok());
  clock_.Advance(absl::Hours(1) + absl::Seconds(1));
  EXPECT_EQ(AskWith("Bearer " + guest_).status(), Ask({}).status());
}

TEST_F(AuthenticatorTest, ACertificateProvesItsOwner) {
  EXPECT_EQ(Ask({{}, {"spiffe://x/other", "spiffe://x/worker"}, {}})->id(), "worker");
  EXPECT_EQ(Ask({{}, {}, {"other.example", "HOST.example"}})->id(), "host");
  EXPECT_EQ(Ask({{}, {"spiffe://x/worker"}, {"host.example"}})->id(), "worker") << "URIs first";
  EXPECT_FALSE(Ask({{}, {"host.example"}, {"spiffe://x/worker"}}).ok()) << "each in its own kind";
}

TEST_F(AuthenticatorTest, OfATokenAndACertificateBothMustAllow) {
  const std::string good = "Bearer " + token_;
  const auto both = Ask({{good}, {"spiffe://x/worker"}, {}});
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->id(), "agents+worker");
  EXPECT_TRUE(both->MayUse("b") && !both->MayUse("a") && !both->MayUse("c"));
  EXPECT_TRUE(both->HasAnyOf(Role::kWriter) && !both->HasAnyOf(Role::kReader)) << "agents is no reader by name";
  EXPECT_FALSE(Ask({{"Bearer " + *NewToken("x")}, {"spiffe://x/worker"}, {}}).ok()) << "a wrong token is not ignored";
  EXPECT_EQ(Ask({{good}, {"spiffe://x/unknown"}, {}})->id(), "agents") << "a certificate may be for TLS alone";
}

}  // namespace
}  // namespace paracle::service::auth

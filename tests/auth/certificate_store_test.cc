#include "service/auth/certificate_store.h"

#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/auth/temporary_directory.h"
#include "tests/support/test_certificates.h"

namespace paracle::service::auth {
namespace {

using support::TestCertificates;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Read(const std::string& path) { return TemporaryDirectory::Read(path); }

class CertificateStoreTest : public ::testing::Test {
 protected:
  CertificateStoreTest() {
    directory_.Write("crt", Read(made_.server().certificate));
    directory_.Write("key", Read(made_.server().key));
    directory_.Write("ca", Read(made_.ca()));
  }

  absl::StatusOr<std::shared_ptr<CertificateStore>> Open(const std::string& client_ca = "") const {
    return CertificateStore::Open({directory_.Path("crt"), directory_.Path("key"), client_ca},
                                  cachecore::Clock::System());
  }

  std::string Refusal() const { return std::string(Open(directory_.Path("ca")).status().message()); }

  TestCertificates made_;
  TemporaryDirectory directory_;
};

TEST_F(CertificateStoreTest, TakesAPairThatFits) {
  const auto store = Open(directory_.Path("ca"));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->asks_clients());
  EXPECT_EQ((*store)->Current()->key, Read(made_.server().key));
  EXPECT_GT((*store)->not_after(), absl::Now() + absl::Hours(24 * 6));
  EXPECT_LT((*store)->not_after(), absl::Now() + absl::Hours(24 * 8));
  EXPECT_FALSE((*Open())->asks_clients());
}

TEST_F(CertificateStoreTest, RefusalsNameVariableFileAndFault) {
  directory_.Write("key", Read(made_.client().key));
  EXPECT_THAT(Refusal(), StartsWith("PARACLE_CACHE_TLS_KEY: \"" + directory_.Path("key") + "\" is not the key of"));
  directory_.Write("key", Read(made_.server().key).substr(0, 100));
  EXPECT_THAT(Refusal(), HasSubstr("holds no PEM private key"));
  directory_.Write("key", "");
  EXPECT_THAT(Refusal(), HasSubstr("is empty"));
  directory_.Write("crt", Read(made_.expired().certificate));
  directory_.Write("key", Read(made_.expired().key));
  EXPECT_THAT(Refusal(), HasSubstr("PARACLE_CACHE_TLS_CERT: "));
  EXPECT_THAT(Refusal(), HasSubstr("has expired at 20"));
  directory_.Write("crt", "prose");
  EXPECT_THAT(Refusal(), HasSubstr("holds no PEM certificate"));
  directory_.Write("crt", Read(made_.server().certificate));
  directory_.Write("key", Read(made_.server().key));
  directory_.Write("ca", Read(made_.ca()) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(Refusal(), HasSubstr("PARACLE_CACHE_TLS_CLIENT_CA: "));
}

TEST_F(CertificateStoreTest, APairIsTakenTogetherOrNotAtAll) {
  const auto store = *Open();
  const auto before = store->Current();
  // As a writer would that knows no better: one file, and a while later the other.
  directory_.Write("crt", Read(made_.of_other_ca().certificate));
  EXPECT_FALSE(store->Poll().has_value());
  const auto half = store->Poll();
  ASSERT_TRUE(half.has_value() && !half->ok());
  EXPECT_THAT(std::string(half->message()), HasSubstr("is not the key of the certificate"));
  EXPECT_EQ(store->Current(), before);
  EXPECT_FALSE(store->last_reload_ok());
  EXPECT_FALSE(store->Poll().has_value()) << "told once";
  directory_.Write("key", Read(made_.of_other_ca().key));
  EXPECT_FALSE(store->Poll().has_value());
  EXPECT_EQ(store->Poll(), absl::OkStatus());
  EXPECT_EQ(store->Current()->key, Read(made_.of_other_ca().key));
  EXPECT_TRUE(store->last_reload_ok());
}

TEST_F(CertificateStoreTest, AnExpiredHalfOrForeignPairKeepsTheOld) {
  const auto store = *Open();
  const auto before = store->Current();
  const std::pair<std::string, std::string> bad[] = {
      {Read(made_.expired().certificate), Read(made_.expired().key)},
      {Read(made_.other_host().certificate), Read(made_.server().key)},
      {Read(made_.other_host().certificate).substr(0, 200), Read(made_.other_host().key)},
      {"", ""},
  };
  for (const auto& [certificate, key] : bad) {
    directory_.Replace("crt", certificate);
    directory_.Replace("key", key);
    store->Poll();
    const auto told = store->Poll();
    ASSERT_TRUE(told.has_value() && !told->ok());
    EXPECT_EQ(store->Current(), before);
    EXPECT_FALSE(store->last_reload_ok());
  }
}

}  // namespace
}  // namespace paracle::service::auth

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/auth_server.h"
#include "tests/service/tls_channel.h"
#include "tests/support/test_certificates.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using support::CertificateFiles;
using support::TestCertificates;

class AuthTlsTest : public ::testing::Test {
 protected:
  Overrides Tls(bool mutual) const {
    Overrides overrides = {{"TLS_CERT", made_.server().certificate}, {"TLS_KEY", made_.server().key}};
    if (mutual) overrides.push_back({"TLS_CLIENT_CA", made_.ca()});
    return overrides;
  }

  // A Get of somebody who shows that certificate and that token.
  grpc::Status Ask(RunningServer& server, const CertificateFiles& shown, const std::string& ns = "acme",
                   const std::string& token = "") {
    const auto stub =
        v1::CacheService::NewStub(TlsChannel(server.address(), {made_.ca(), shown.certificate, shown.key}));
    v1::GetRequest request;
    *request.mutable_entry() = RefOf('a', ns);
    v1::GetResponse response;
    return stub->Get(With(token).get(), request, &response);
  }

  TestCertificates made_;
};

TEST_F(AuthTlsTest, ATlsListenerSpeaksNothingElse) {
  RunningServer server(Tls(false));
  EXPECT_TRUE(Ask(server, {}).ok());
  v1::GetRequest request;
  v1::GetResponse response;
  EXPECT_EQ(server.cache().Get(Patient().get(), request, &response).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AuthTlsTest, WithAClientCaNobodyConnectsWithoutACertificateOfIt) {
  RunningServer server(Tls(true));
  EXPECT_TRUE(Ask(server, made_.client()).ok()) << "without tokens, any certificate of the CA will do";
  EXPECT_EQ(Ask(server, {}).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(server, made_.of_other_ca()).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(server, made_.expired()).error_code(), grpc::StatusCode::UNAVAILABLE);
}

class AuthMutualTlsTest : public AuthTlsTest {
 protected:
  AuthMutualTlsTest() {
    directory_.Write("tokens", token_.line +
                                   "id=by-uri uri=spiffe://test/worker roles=reader namespaces=acme\n"
                                   "id=by-dns dns=worker.example roles=writer namespaces=elsewhere\n");
    Overrides overrides = Tls(true);
    overrides.push_back({"TOKENS_FILE", directory_.Path("tokens")});
    server_.emplace(overrides);
  }

  grpc::StatusCode Code(const CertificateFiles& shown, const std::string& ns, const std::string& token = "") {
    return Ask(*server_, shown, ns, token).error_code();
  }

  const IssuedToken token_{"token", "reader", "acme,more"};
  auth::TemporaryDirectory directory_;
  std::optional<RunningServer> server_;
};

TEST_F(AuthMutualTlsTest, ACertificateIsKnownByItsUriOrItsDnsName) {
  EXPECT_EQ(Code(made_.client_uri(), "acme"), grpc::StatusCode::OK);
  EXPECT_EQ(Code(made_.client_uri(), "elsewhere"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Code(made_.client_dns(), "elsewhere"), grpc::StatusCode::OK);
  EXPECT_EQ(Code(made_.client_dns(), "acme"), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AuthMutualTlsTest, ACertificateThatNamesNobodyNeedsAToken) {
  EXPECT_EQ(Code(made_.client(), "acme"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Code(made_.client(), "acme", token_.secret), grpc::StatusCode::OK);
}

TEST_F(AuthMutualTlsTest, OfCertificateAndTokenBothMustAllow) {
  EXPECT_EQ(Code(made_.client_uri(), "acme", token_.secret), grpc::StatusCode::OK);
  EXPECT_EQ(Code(made_.client_uri(), "more", token_.secret), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Code(made_.client_dns(), "acme", token_.secret), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Code(made_.client_uri(), "acme", *auth::NewToken("x")), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AuthMutualTlsTest, AUnixSocketTakesTokensWithoutTls) {
  Overrides overrides = Tls(true);
  overrides.push_back({"TOKENS_FILE", directory_.Path("tokens")});
  overrides.push_back({"LISTEN", "unix:" + directory_.Path("socket")});
  RunningServer server(overrides);
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a', "acme");
  v1::GetResponse response;
  EXPECT_TRUE(server.cache().Get(With(token_.secret).get(), request, &response).ok());
  EXPECT_EQ(server.cache().Get(Patient().get(), request, &response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace paracle::service

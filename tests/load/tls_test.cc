// TLS of the load engine: against gRPC's own, with certificates made for the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "bench/load/load_test.h"
#include "tests/load/fake_cache_server.h"

namespace paracle::load {
namespace {

using testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A self-signed certificate for `name` (an IP address), and its key.
struct Certificate {
  explicit Certificate(const std::string& label, const std::string& name)
      : cert(testing::TempDir() + "tls_test_" + std::to_string(getpid()) + "_" + label + ".pem"), key(cert + ".key") {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + label +
        " -addext subjectAltName=IP:" + name + " -out " + cert + " -keyout " + key + " 2>/dev/null";
    made = std::system(command.c_str()) == 0;
  }
  ~Certificate() {
    unlink(cert.c_str());
    unlink(key.c_str());
  }

  std::string cert;
  std::string key;
  bool made = false;
};

class TlsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_certificate_.made && client_certificate_.made) << "openssl did not work"; }

  std::unique_ptr<FakeCacheServer> StartServer(const Certificate& certificate, bool asks_for_client_certificate) {
    grpc::SslServerCredentialsOptions options(asks_for_client_certificate
                                                  ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = ReadFile(client_certificate_.cert);
    options.pem_key_cert_pairs.push_back({ReadFile(certificate.key), ReadFile(certificate.cert)});
    return std::make_unique<FakeCacheServer>("127.0.0.1:0", grpc::SslServerCredentials(options));
  }

  static LoadOptions Small(const FakeCacheServer& server) {
    LoadOptions options;
    options.endpoint = server.endpoint();
    options.requests = 500;
    options.keyspace = 20;
    options.value_sizes = ValueSizes::Range(0, 200'000);
    options.connections = 2;
    options.concurrency = 8;
    return options;
  }

  const Certificate server_certificate_{"server", "127.0.0.1"};
  const Certificate client_certificate_{"client", "127.0.0.1"};
};

TEST_F(TlsTest, TrustsTheGivenCertificate) {
  const auto server = StartServer(server_certificate_, false);
  LoadOptions options = Small(*server);
  options.ca_cert_file = server_certificate_.cert;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->requests, 500);
  EXPECT_EQ(report->errors + report->wrong + report->lost, 0);
}

TEST_F(TlsTest, RefusesACertificateThatNobodyVouchesFor) {
  const auto server = StartServer(server_certificate_, false);
  LoadOptions options = Small(*server);
  options.ca_cert_file = client_certificate_.cert;
  const auto report = RunLoadTest(options, {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("server certificate refused"));
}

TEST_F(TlsTest, RefusesACertificateForAnotherAddress) {
  const Certificate elsewhere("elsewhere", "192.0.2.1");
  const auto server = StartServer(elsewhere, false);
  LoadOptions options = Small(*server);
  options.ca_cert_file = elsewhere.cert;
  const auto report = RunLoadTest(options, {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("server certificate refused: IP address mismatch"));
}

TEST_F(TlsTest, ShowsItsCertificateToAServerThatAsks) {
  const auto server = StartServer(server_certificate_, true);
  LoadOptions options = Small(*server);
  options.ca_cert_file = server_certificate_.cert;
  EXPECT_EQ(RunLoadTest(options, {}).status().code(), absl::StatusCode::kUnavailable);
  options.client_cert_file = client_certificate_.cert;
  options.client_key_file = client_certificate_.key;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->errors, 0);
}

TEST_F(TlsTest, AFileThatIsNoCertificateIsNamed) {
  const auto server = StartServer(server_certificate_, false);
  LoadOptions options = Small(*server);
  options.ca_cert_file = "/nowhere/ca.pem";
  const auto report = RunLoadTest(options, {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("cacert /nowhere/ca.pem"));
}

TEST_F(TlsTest, PlainTextToATlsServerAndTheOtherWayRoundAreUnavailable) {
  const auto tls_server = StartServer(server_certificate_, false);
  LoadOptions options = Small(*tls_server);
  options.connect_timeout = absl::Seconds(2);
  EXPECT_EQ(RunLoadTest(options, {}).status().code(), absl::StatusCode::kUnavailable);
  FakeCacheServer plain_server;
  options = Small(plain_server);
  options.connect_timeout = absl::Seconds(2);
  options.tls = true;
  EXPECT_EQ(RunLoadTest(options, {}).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace paracle::load

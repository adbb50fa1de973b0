// Tokens and certificates are replaced while calls go on, and no call fails for it.
#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/service/auth_server.h"
#include "tests/service/tls_channel.h"
#include "tests/support/test_certificates.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using auth::TemporaryDirectory;
using support::TestCertificates;

bool Eventually(const std::function<bool()>& condition) {
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (absl::Now() < give_up) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return false;
}

grpc::Status GetWith(v1::CacheService::Stub& stub, const std::string& token) {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a', "acme");
  v1::GetResponse response;
  return stub.Get(With(token).get(), request, &response);
}

// Calls on and on while it lives.
class Caller {
 public:
  explicit Caller(std::function<grpc::Status()> call)
      : thread_([this, call] {
          while (!ending_) {
            const grpc::Status status = call();
            ++calls;
            if (!status.ok()) ++failed;
          }
        }) {}
  ~Caller() {
    ending_ = true;
    thread_.join();
  }

  std::atomic<int> calls = 0;
  std::atomic<int> failed = 0;

 private:
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

TEST(AuthReloadTest, TokensComeAndGoWhileCallsGoOn) {
  AuthServer server;
  v1::CacheService::Stub& stub = server.server->cache();
  Caller staying([&] { return GetWith(stub, server.reader.secret); });
  for (int round = 0; round < 3; ++round) {
    const IssuedToken next("next", "reader", "acme");
    EXPECT_EQ(GetWith(stub, next.secret).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    server.directory.Replace("tokens", server.reader.line + next.line);
    EXPECT_TRUE(Eventually([&] { return GetWith(stub, next.secret).ok(); }));
    server.directory.Replace("tokens", server.reader.line);
    EXPECT_TRUE(Eventually([&] { return !GetWith(stub, next.secret).ok(); }));
  }
  EXPECT_EQ(staying.failed, 0) << "of " << staying.calls;
  EXPECT_GT(staying.calls, 20);
}

class CertificateReloadTest : public ::testing::Test {
 protected:
  CertificateReloadTest() {
    Show(made_.server());
    server_.emplace(Overrides{{"TLS_CERT", directory_.Path("crt")}, {"TLS_KEY", directory_.Path("key")}});
  }

  void Show(const support::CertificateFiles& files) {
    directory_.Replace("key", TemporaryDirectory::Read(files.key));
    directory_.Replace("crt", TemporaryDirectory::Read(files.certificate));
  }

  // A new connection of somebody who trusts that CA.
  grpc::Status AskTrusting(const std::string& ca) {
    const auto stub = v1::CacheService::NewStub(TlsChannel(server_->address(), {.ca = ca}));
    return GetWith(*stub, "");
  }

  TestCertificates made_;
  TemporaryDirectory directory_;
  std::optional<RunningServer> server_;
};

TEST_F(CertificateReloadTest, NewConnectionsSeeTheNewCertificateAndOldOnesGoOn) {
  ASSERT_TRUE(AskTrusting(made_.ca()).ok());
  EXPECT_FALSE(AskTrusting(made_.other_ca()).ok());
  const auto old_channel = v1::CacheService::NewStub(TlsChannel(server_->address(), {.ca = made_.ca()}));
  Caller staying([&] { return GetWith(*old_channel, ""); });
  ASSERT_TRUE(Eventually([&] { return staying.calls > 0; }));
  Show(made_.of_other_ca());
  EXPECT_TRUE(Eventually([&] { return AskTrusting(made_.other_ca()).ok(); }));
  EXPECT_FALSE(AskTrusting(made_.ca()).ok());
  EXPECT_EQ(staying.failed, 0) << "of " << staying.calls;
}

TEST_F(CertificateReloadTest, AtNoMomentIsABadPairServed) {
  std::atomic<int> bad = 0;
  {
    // Whoever connects while files change sees a certificate that works, of before or after.
    Caller connecting([&] {
      const bool ok = AskTrusting(made_.ca()).ok();
      if (!ok) ++bad;
      return ok ? grpc::Status::OK : grpc::Status::CANCELLED;
    });
    for (const auto& files : {made_.expired(), made_.of_other_ca()}) {
      directory_.Replace("crt", TemporaryDirectory::Read(files.certificate));  // Without its key.
      directory_.Write("key", "half a ke");
      absl::SleepFor(absl::Milliseconds(1500));  // Three looks of the server at least.
      Show(made_.server());
    }
    ASSERT_TRUE(Eventually([&] { return connecting.calls > 10; }));
  }
  EXPECT_EQ(bad, 0);
}

}  // namespace
}  // namespace paracle::service

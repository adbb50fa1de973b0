// rediss://: a server is believed only with a certificate of our CA, for the name that we asked for, in its time.
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/redis/certificates.h"
#include "tests/redis/spawned_redis.h"
#include "tests/redis/test_client.h"
#include "tests/support/free_port.h"

namespace paracle::cachecore::redis {
namespace {

using support::FreePort;
using ::testing::ElementsAre;

class TlsRedisTest : public testing::Test {
 protected:
  static std::string Rediss(const std::string& host, int port) { return absl::StrCat("rediss://", host, ":", port); }

  static ClientOptions Options(const std::string& host, int port, const TlsFiles& files) {
    ClientOptions options = OptionsFor(Rediss(host, port));
    options.connect_timeout = absl::Seconds(1);
    options.tls = files;
    return options;
  }

  // A server with these names in its certificate is not believed by who asks for `host` and trusts `ca`.
  void ExpectRefused(const std::string& names, int days, const std::string& host, const std::string& ca) {
    const int port = FreePort();
    SpawnedRedis server(certificates_.ServerArguments(certificates_.Sign("server", names, days), port, false));
    TestClient client(Options(host, port, {.ca = ca}));
    ASSERT_TRUE(Eventually([&] { return !client.told().empty(); }));
    EXPECT_THAT(client.told(), ElementsAre("FAILED_PRECONDITION"));
    EXPECT_FALSE(client->available());
    EXPECT_EQ(client->counters().connects, 0);
  }

  Certificates certificates_;
};

TEST_F(TlsRedisTest, ServesByNameAndByAddress) {
  PARACLE_NEEDS_REDIS();
  const int port = FreePort();
  const TlsFiles files = certificates_.Sign("server", "DNS:localhost,IP:127.0.0.1");
  SpawnedRedis server(certificates_.ServerArguments(files, port, false));
  for (const char* host : {"localhost", "127.0.0.1"}) {
    TestClient client(Options(host, port, {.ca = certificates_.ca()}));
    ASSERT_TRUE(client.BecomesAvailable());
    EXPECT_EQ(client.Say({"SET", "k", host}), "+OK");
    EXPECT_EQ(client.Say({"GET", "k"}), host);
  }
}

TEST_F(TlsRedisTest, RefusesAnotherHost) {
  PARACLE_NEEDS_REDIS();
  ExpectRefused("DNS:other.example", 2, "localhost", certificates_.ca());
}

TEST_F(TlsRedisTest, RefusesAnotherAddress) {
  PARACLE_NEEDS_REDIS();
  ExpectRefused("DNS:localhost,IP:127.0.0.2", 2, "127.0.0.1", certificates_.ca());
}

TEST_F(TlsRedisTest, RefusesAnAddressWrittenAsAName) {
  PARACLE_NEEDS_REDIS();
  ExpectRefused("DNS:127.0.0.1", 2, "127.0.0.1", certificates_.ca());
}

TEST_F(TlsRedisTest, RefusesAnotherCa) {
  PARACLE_NEEDS_REDIS();
  ExpectRefused("DNS:localhost", 2, "localhost", certificates_.other_ca());
}

TEST_F(TlsRedisTest, WithoutACaOfItsOwnTrustsTheSystemsOnly) {
  PARACLE_NEEDS_REDIS();
  ExpectRefused("DNS:localhost", 2, "localhost", "");
}

TEST_F(TlsRedisTest, RefusesAnExpiredCertificate) {
  PARACLE_NEEDS_REDIS();
  ExpectRefused("DNS:localhost", -1, "localhost", certificates_.ca());
}

TEST_F(TlsRedisTest, ShowsItsOwnCertificateAndIsRefusedWithoutOne) {
  PARACLE_NEEDS_REDIS();
  const int port = FreePort();
  const TlsFiles files = certificates_.Sign("server", "DNS:localhost");
  SpawnedRedis server(certificates_.ServerArguments(files, port, true));
  TestClient with(Options("localhost", port, certificates_.Sign("client", "DNS:client")));
  EXPECT_TRUE(with.BecomesAvailable());
  EXPECT_EQ(with.Say({"ECHO", "hello"}), "hello");
  TestClient without(Options("localhost", port, {.ca = certificates_.ca()}));
  ASSERT_TRUE(Eventually([&] { return !without.told().empty(); }));
  EXPECT_FALSE(without->available());
  EXPECT_EQ(without->counters().connects, 0);
}

TEST_F(TlsRedisTest, FilesAreReadAnewAtEachConnect) {
  PARACLE_NEEDS_REDIS();
  const int port = FreePort();
  const TlsFiles files = certificates_.Sign("server", "DNS:localhost");
  SpawnedRedis server(certificates_.ServerArguments(files, port, false));
  const std::string rotating = certificates_.ca() + ".rotating";
  std::filesystem::copy_file(certificates_.other_ca(), rotating);
  TestClient client(Options("localhost", port, {.ca = rotating}));
  ASSERT_TRUE(Eventually([&] { return !client.told().empty(); }));
  std::filesystem::copy_file(certificates_.ca(), rotating, std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(client.BecomesAvailable());
  EXPECT_THAT(client.told(), ElementsAre("FAILED_PRECONDITION", "yes"));
}

TEST_F(TlsRedisTest, AServerWithoutTlsIsNotAvailable) {
  PARACLE_NEEDS_REDIS();
  SpawnedRedis server;
  TestClient client(Options("127.0.0.1", server.port(), {.ca = certificates_.ca()}));
  ASSERT_TRUE(Eventually([&] { return !client.told().empty(); }));
  EXPECT_FALSE(client->available());
}

TEST_F(TlsRedisTest, LargeValuesPassEachOther) {
  PARACLE_NEEDS_REDIS();
  const int port = FreePort();
  SpawnedRedis server(certificates_.ServerArguments(certificates_.Sign("server", "DNS:localhost"), port, false));
  ClientOptions options = Options("localhost", port, {.ca = certificates_.ca()});
  options.connect_timeout = absl::Seconds(5);
  options.data_connections = 1;
  TestClient client(options);
  ASSERT_TRUE(client.BecomesAvailable());
  const std::string large(32 << 20, 'L');
  ASSERT_EQ(client.Say({"SET", "first", large}), "+OK");
  std::atomic<int> right = 0;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 3; ++i) {
    client->Send(Lane::kData, {"GET", "first"}, absl::Seconds(20), [&](absl::StatusOr<Reply> reply) {
      right += reply.ok() && reply->text == large ? 1 : 0;
      ++answered;
    });
    client->Send(Lane::kData, {"SET", "k", large}, absl::Seconds(20), [&](absl::StatusOr<Reply> reply) {
      right += reply.ok() && reply->is_ok() ? 1 : 0;
      ++answered;
    });
  }
  ASSERT_TRUE(Eventually([&] { return answered == 6; }, 30));
  EXPECT_EQ(right, 6);
}

TEST_F(TlsRedisTest, AKilledServerComesBack) {
  PARACLE_NEEDS_REDIS();
  const int port = FreePort();
  SpawnedRedis server(certificates_.ServerArguments(certificates_.Sign("server", "DNS:localhost"), port, false));
  TestClient client(Options("localhost", port, {.ca = certificates_.ca()}));
  ASSERT_TRUE(client.BecomesAvailable());
  server.Kill();
  ASSERT_TRUE(Eventually([&] { return !client->available(); }));
  server.Start();
  EXPECT_TRUE(client.BecomesAvailable());
  EXPECT_THAT(client.told(), ElementsAre("yes", "UNAVAILABLE", "yes"));
}

TEST(TlsFilesTest, AreLookedAtBeforeAnythingIsStarted) {
  ClientOptions options = OptionsFor("rediss://localhost");
  EXPECT_TRUE(options.Validate().ok());
  options.tls = {.ca = "/nowhere/ca.pem"};
  EXPECT_EQ(options.Validate().code(), absl::StatusCode::kInvalidArgument);
  options.tls = {.certificate = __FILE__};
  EXPECT_EQ(options.Validate().code(), absl::StatusCode::kInvalidArgument);
  options = OptionsFor("redis://localhost");
  options.tls = {.ca = __FILE__};
  EXPECT_EQ(options.Validate().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace paracle::cachecore::redis

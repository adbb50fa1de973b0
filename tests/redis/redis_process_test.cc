#include "tests/support/redis_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <string>

#include "absl/time/time.h"
#include "tests/support/test_certificates.h"
#include "tests/support/verified_entries.h"

namespace paracle::support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RedisProcessTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override { PARACLE_NEEDS_SERVER(GetParam()); }
  RedisOptions Options() const { return {.kind = GetParam()}; }
};

INSTANTIATE_TEST_SUITE_P(Servers, RedisProcessTest, ::testing::Values(ServerKind::kRedis, ServerKind::kValkey),
                         [](const auto& info) { return info.param == ServerKind::kRedis ? "Redis" : "Valkey"; });

TEST_P(RedisProcessTest, AnswersOverTcpAndUnixSocket) {
  RedisProcess redis(Options());
  EXPECT_EQ(BlockingRedis::Tcp(redis.Port()).Command({"SET", "k", "v"}).ToString(), "OK");
  EXPECT_EQ(BlockingRedis::Unix(redis.UnixPath()).Command({"GET", "k"}).ToString(), "v");
  EXPECT_EQ(redis.CountKeys("k*"), 1);
  EXPECT_EQ(redis.CountKeys("other*"), 0);
}

TEST_P(RedisProcessTest, ComesBackOnItsPortEmptyOrWithWhatWasSaved) {
  RedisProcess redis(Options());
  const int port = redis.Port();
  redis.Command({"SET", "k", "v"});
  redis.Save();
  redis.Kill();
  EXPECT_TRUE(redis.Command({"PING"}).broken());
  redis.Restart(RedisProcess::Data::kKeep);
  EXPECT_EQ(BlockingRedis::Tcp(port).Command({"GET", "k"}).ToString(), "v");
  redis.Restart();
  EXPECT_EQ(BlockingRedis::Tcp(port).Command({"GET", "k"}).ToString(), "(nil)");
}

TEST_P(RedisProcessTest, SaysNothingWhileStopped) {
  RedisProcess redis(Options());
  BlockingRedis client = BlockingRedis::Tcp(redis.Port(), absl::Milliseconds(100));
  redis.Stop();
  EXPECT_TRUE(client.Command({"PING"}).broken());
  redis.Continue();
  EXPECT_EQ(redis.Command({"PING"}).ToString(), "PONG");
}

TEST_P(RedisProcessTest, LogsWhatAUserMayNot) {
  RedisOptions options = Options();
  options.password = "admin";
  options.users = {{"cache", "on >secret ~paracle:* resetchannels -@all +get"}};
  RedisProcess redis(options);
  BlockingRedis client = BlockingRedis::Tcp(redis.Port());
  EXPECT_EQ(client.Command({"AUTH", "cache", "secret"}).ToString(), "OK");
  EXPECT_TRUE(client.Command({"GET", "paracle:k"}).nil());
  EXPECT_THAT(redis.AclLog(), IsEmpty());
  EXPECT_THAT(client.Command({"GET", "elsewhere"}).text, HasSubstr("NOPERM"));
  EXPECT_THAT(redis.AclLog(), ElementsAre("cache: key elsewhere"));
}

TEST_P(RedisProcessTest, AsksForItsPassword) {
  RedisOptions options = Options();
  options.password = "secret";
  RedisProcess redis(options);
  EXPECT_THAT(BlockingRedis::Tcp(redis.Port()).Command({"PING"}).text, HasSubstr("NOAUTH"));
  EXPECT_EQ(redis.Command({"PING"}).ToString(), "PONG");
}

TEST_P(RedisProcessTest, EndsWithItsObject) {
  pid_t pid = 0;
  {
    RedisProcess redis(Options());
    pid = redis.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

// openssl's own client says what a good client would of each certificate.
class CertificateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(ServerKind::kRedis);
    if (!TestCertificates::Available()) GTEST_SKIP() << "SKIPPED, nothing is proven: no openssl in PATH";
  }

  // 0: the handshake was good.
  int Handshake(const CertificateFiles& server, bool wants_client, const CertificateFiles* client = nullptr) {
    const RedisTls tls = {.ca = certificates_.ca(), .server = server, .wants_client_certificate = wants_client};
    RedisOptions options;
    options.tls = &tls;
    RedisProcess redis(options);
    std::string command = "echo PING | timeout 10 openssl s_client -quiet -no_ign_eof -verify_return_error -CAfile " +
                          certificates_.ca() +
                          " -verify_hostname localhost -connect 127.0.0.1:" + std::to_string(redis.Port());
    if (client != nullptr) command += " -cert " + client->certificate + " -key " + client->key;
    return ChildProcess::Run({"sh", "-c", command}, "/dev/null");
  }

  TestCertificates certificates_;
};

TEST_F(CertificateTest, GoodAndBadOnesAreWhatTheySay) {
  EXPECT_EQ(Handshake(certificates_.server(), false), 0);
  EXPECT_NE(Handshake(certificates_.other_host(), false), 0);
  EXPECT_NE(Handshake(certificates_.expired(), false), 0);
  EXPECT_NE(Handshake(certificates_.of_other_ca(), false), 0);
  const CertificateFiles client = certificates_.client();
  EXPECT_EQ(Handshake(certificates_.server(), true, &client), 0);
}

TEST(VerifiedEntriesTest, APayloadIsGoodForItsOwnNameAlone) {
  const std::string digest = DigestOf(7);
  for (const size_t size : {0, 100, 4096, 4097}) {
    const std::string payload = PayloadFor("team-a", digest, 3, size);
    EXPECT_GE(payload.size(), size);
    EXPECT_EQ(Verify(payload, "team-a", digest), 3u);
    EXPECT_EQ(Verify(payload, "team-b", digest), std::nullopt);
    EXPECT_EQ(Verify(payload, "team-a", DigestOf(8)), std::nullopt);
    std::string flipped = payload;
    flipped.back() ^= 1;
    EXPECT_EQ(Verify(flipped, "team-a", digest), std::nullopt);
  }
  EXPECT_EQ(Verify("", "team-a", digest), std::nullopt);
}

}  // namespace
}  // namespace paracle::support

// Every way to a server, of both makes: everything that replicas do must work over it, with no right but those that
// docs/redis.md asks for.
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cachecore/shared_tier.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/lease_caller.h"
#include "tests/cachecore/documented_rules.h"
#include "tests/cachecore/redis_stack.h"
#include "tests/support/test_certificates.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;
using support::RedisProcess;
using support::ServerKind;

constexpr char kPrefix[] = "paracle:llm:";

class EveryServer : public testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override { PARACLE_NEEDS_SERVER(GetParam()); }

  // Two replicas do everything there is to do.
  static void Exercise(SharedTierOptions options) {
    options.client.operation_timeout = absl::Seconds(2);
    StatsLedger a_ledger{{}, Clock::System()}, b_ledger{{}, Clock::System()};
    Replica a(options, &a_ledger, Clock::System());
    Replica b(options, &b_ledger, Clock::System());
    ASSERT_TRUE(a.WaitUntilUsable()) << a.shared().status().why_not;
    ASSERT_TRUE(b.WaitUntilUsable()) << b.shared().status().why_not;
    for (Kind kind : {Kind::kDigest, Kind::kTag, Kind::kModel, Kind::kNamespace}) {
      SCOPED_TRACE(static_cast<int>(kind));
      ASSERT_TRUE(a.Set({.question = 1, .payload = std::string(20'000, 'x'), .tags = {"t"}})->stored_in_shared);
      ASSERT_TRUE(Eventually([&] { return b.Find(1).has_value(); }));
      InvalidationTarget target{.ns = "default", .kind = kind, .digest = DigestOfQuestion(1), .value = ""};
      if (kind == Kind::kTag) target.value = "t";
      if (kind == Kind::kModel) target.value = "gpt-4";
      ASSERT_TRUE(a.Invalidate(target).ok());
      EXPECT_TRUE(Eventually([&] { return !b.Find(1); }, 2));
    }
    EXPECT_TRUE(Eventually([&] { return a.shared().reclaimer().walks() > 0; }));
    EXPECT_TRUE(a.shared().ledger().Flush(absl::Seconds(5)));
    EXPECT_TRUE(Eventually([&] { return b.shared().ledger().Snapshot("").ledger.total.sets == 4; }));
    EXPECT_EQ(a.shared().cache().counters().damaged, 0);
    ExerciseLeases(a.leases(), b.leases());
  }

  static void ExerciseLeases(LeasedCache& a, LeasedCache& b) {
    Caller first(7), second(7), third(7);
    ASSERT_EQ(first.Ask(a).Wait(), Told::kLease);
    EXPECT_FALSE(first.token().alone) << "the scripts did not run";
    EXPECT_TRUE(Renew(a, 7, first.token(), absl::Seconds(10)).ok());
    second.Ask(b);
    ASSERT_TRUE(Eventually([&] { return b.counters().waiting == 1; })) << second.told();
    Release(a, 7, first.token());
    ASSERT_EQ(second.Wait(), Told::kLease);
    EXPECT_FALSE(second.token().alone);
    third.Ask(a);
    ASSERT_TRUE(Eventually([&] { return a.counters().waiting == 1; })) << third.told();
    const auto outcome = Fill(b, {.question = 7, .fill_token = second.token()});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_TRUE(outcome->stored_in_shared);
    EXPECT_EQ(third.Wait(), Told::kHit);
  }

  static SharedTierOptions Options(const std::string& url) { return SharedOptions(url, kPrefix); }
};

TEST_P(EveryServer, OverTcp) {
  RedisProcess server({.kind = GetParam()});
  Exercise(Options(server.Url()));
}

TEST_P(EveryServer, OverAUnixSocketInAnotherDatabase) {
  RedisProcess server({.kind = GetParam()});
  Exercise(Options(server.Url("unix") + "?db=3"));
  EXPECT_EQ(server.CountKeys(), 0) << "all of it is in database 3";
}

TEST_P(EveryServer, OverTlsWithACertificateOfOurOwn) {
  if (!support::TestCertificates::Available()) GTEST_SKIP() << "SKIPPED, nothing is proven: no openssl program";
  const support::TestCertificates certificates;
  const support::RedisTls tls{
      .ca = certificates.ca(), .server = certificates.server(), .wants_client_certificate = true};
  RedisProcess server({.kind = GetParam(), .tls = &tls});
  SharedTierOptions options = Options(server.Url("rediss"));
  options.client.tls = {
      .ca = certificates.ca(), .certificate = certificates.client().certificate, .key = certificates.client().key};
  Exercise(options);
}

TEST_P(EveryServer, NeverWithACertificateThatIsWrong) {
  if (!support::TestCertificates::Available()) GTEST_SKIP() << "SKIPPED, nothing is proven: no openssl program";
  const support::TestCertificates certificates;
  const struct {
    const char* why;
    support::CertificateFiles shown;
  } kCases[] = {{"of another host", certificates.other_host()},
                {"expired", certificates.expired()},
                {"of another CA", certificates.of_other_ca()}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    const support::RedisTls tls{.ca = certificates.ca(), .server = c.shown};
    RedisProcess server({.kind = GetParam(), .tls = &tls});
    SharedTierOptions options = Options(server.Url("rediss"));
    options.client.tls.ca = certificates.ca();
    StatsLedger ledger{{}, Clock::System()};
    Replica replica(options, &ledger, Clock::System());
    ASSERT_TRUE(Eventually([&] {
      const std::string why = replica.shared().status().why_not;
      return absl::StrContains(why, "certificate") || absl::StrContains(why, "verify");
    })) << replica.shared().status().why_not;
    EXPECT_FALSE(replica.shared().status().usable);
    EXPECT_TRUE(replica.Set({.question = 1})->stored_in_memory) << "it serves all the same";
  }
}

TEST_P(EveryServer, AsAUserWithTheDocumentedRightsAlone) {
  RedisProcess server({.kind = GetParam(), .users = {{.name = "paracle", .rules = DocumentedRules()}}});
  const std::string url = absl::StrReplaceAll(server.Url(), {{"redis://", "redis://paracle:a-long-secret@"}});
  Exercise(Options(url));
  EXPECT_THAT(server.AclLog(), testing::IsEmpty());
}

TEST_P(EveryServer, WithAWrongPasswordServesFromMemoryAndSaysWhy) {
  RedisProcess server({.kind = GetParam(), .password = "right"});
  SharedTierOptions options = Options(absl::StrReplaceAll(server.Url(), {{"redis://", "redis://:wrong@"}}));
  StatsLedger ledger{{}, Clock::System()};
  Replica replica(options, &ledger, Clock::System());
  EXPECT_TRUE(Eventually([&] { return replica.shared().status().why_not.find("WRONGPASS") != std::string::npos; }))
      << replica.shared().status().why_not;
  EXPECT_TRUE(replica.Set({.question = 1})->stored_in_memory);
  EXPECT_EQ(replica.shared().status().why_not.find("wrong@"), std::string::npos) << "no password in a message";
}

INSTANTIATE_TEST_SUITE_P(Makes, EveryServer, testing::Values(ServerKind::kRedis, ServerKind::kValkey),
                         [](const auto& info) { return info.param == ServerKind::kRedis ? "Redis" : "Valkey"; });

}  // namespace
}  // namespace paracle::cachecore

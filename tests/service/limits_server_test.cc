// Limits of namespaces on a real server: every RPC of a namespace counts, and others are served meanwhile.
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/held_cache.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using ::testing::HasSubstr;

v1::GetRequest GetOf(absl::string_view ns) {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a', ns);
  return request;
}

grpc::Status Get(RunningServer& server, absl::string_view ns) {
  v1::GetResponse response;
  return server.cache().Get(Patient().get(), GetOf(ns), &response);
}

void ExpectRefused(const grpc::Status& status, absl::string_view limit) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr(std::string(limit)));
  EXPECT_THAT(status.error_details(), HasSubstr("NAMESPACE_LIMIT"));
  EXPECT_THAT(status.error_details(), HasSubstr("google.rpc.RetryInfo"));
}

TEST(LimitsServerTest, RequestsBeyondTheRateAreRefusedAndOtherNamespacesServed) {
  RunningServer server(Overrides{{"NAMESPACE_LIMITS", "greedy:rps=1"}});
  EXPECT_TRUE(Get(server, "greedy").ok());
  ExpectRefused(Get(server, "greedy"), "namespace \"greedy\" is over its limit of 1 requests/s (rps)");
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Get(server, "modest").ok());
}

TEST(LimitsServerTest, EveryCallOfANamespaceCounts) {
  using Call = std::function<grpc::Status(RunningServer&)>;
  const auto with = [](auto method, auto request, auto response) -> Call {
    return [=](RunningServer& server) mutable { return (server.cache().*method)(Patient().get(), request, &response); };
  };
  using Stub = v1::CacheService::Stub;
  v1::InvalidateRequest invalidate;
  invalidate.set_namespace_("a");
  invalidate.set_digest(std::string(32, 'x'));
  v1::ClearRequest clear;
  clear.set_namespace_("a");
  const std::string token = std::string("\x02") + std::string(23, '\0') + "\x01";
  v1::RenewLeaseRequest renew;
  *renew.mutable_entry() = RefOf('a', "a");
  renew.set_fill_token(token);
  v1::ReleaseLeaseRequest release;
  *release.mutable_entry() = RefOf('a', "a");
  release.set_fill_token(token);
  v1::FollowRequest follow;
  *follow.mutable_entry() = RefOf('a', "a");
  v1::RecordRequest record;
  *record.mutable_start()->mutable_entry() = RefOf('a', "a");
  record.mutable_start()->set_fill_token(token);

  const std::vector<std::pair<std::string, Call>> calls = {
      {"Get", with(&Stub::Get, GetOf("a"), v1::GetResponse())},
      {"Set", with(&Stub::Set, SetOf(RefOf('a', "a"), "x"), v1::SetResponse())},
      {"Invalidate", with(&Stub::Invalidate, invalidate, v1::InvalidateResponse())},
      {"Clear", with(&Stub::Clear, clear, v1::ClearResponse())},
      {"RenewLease", with(&Stub::RenewLease, renew, v1::RenewLeaseResponse())},
      {"ReleaseLease", with(&Stub::ReleaseLease, release, v1::ReleaseLeaseResponse())},
      {"Follow",
       [&](RunningServer& server) {
         const auto context = Patient();
         const auto reader = server.cache().Follow(context.get(), follow);
         v1::FollowResponse response;
         while (reader->Read(&response)) continue;
         return reader->Finish();
       }},
      {"Record",
       [&](RunningServer& server) {
         const auto context = Patient();
         v1::RecordResponse response;
         const auto writer = server.cache().Record(context.get(), &response);
         writer->Write(record);
         writer->WritesDone();
         return writer->Finish();
       }},
  };
  for (const auto& [name, call] : calls) {
    SCOPED_TRACE(name);
    RunningServer server(Overrides{{"NAMESPACE_LIMITS", "*:rps=1"}});
    EXPECT_NE(call(server).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    ExpectRefused(call(server), "of 1 requests/s");
  }
}

TEST(LimitsServerTest, CallsInFlightAreCountedUntilTheyAreOver) {
  HeldCache cache;
  RunningServer server(&cache, Overrides{{"NAMESPACE_LIMITS", "*:in_flight=2"}});
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) callers.emplace_back([&] { EXPECT_TRUE(Get(server, "a").ok()); });
  cache.WaitUntilAsked(2);
  ExpectRefused(Get(server, "a"), "namespace \"a\" is over its limit of 2 calls in flight (in_flight)");
  std::thread other([&] { EXPECT_TRUE(Get(server, "b").ok()); });
  cache.WaitUntilAsked(3);
  cache.ReleaseAll();
  for (std::thread& caller : callers) caller.join();
  other.join();
  // Over for gRPC is soon after its caller has the answer.
  while (!Get(server, "a").ok()) std::this_thread::yield();
}

TEST(LimitsServerTest, BytesOfAnswersAndOfRequestsAreCounted) {
  RunningServer server(Overrides{{"NAMESPACE_LIMITS", "reader:bytes=100KiB;writer:bytes=100KiB"}});
  const std::string payload(150 << 10, 'x');
  v1::SetResponse stored;
  EXPECT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf('a', "writer"), payload), &stored).ok());
  ExpectRefused(server.cache().Set(Patient().get(), SetOf(RefOf('a', "writer"), payload), &stored), "102400 bytes/s");
  // The burst covers the small ones.
  EXPECT_TRUE(
      server.cache().Set(Patient().get(), SetOf(RefOf('a', "reader"), payload.substr(0, 60 << 10)), &stored).ok());
  EXPECT_TRUE(Get(server, "reader").ok());
  ExpectRefused(Get(server, "reader"), "102400 bytes/s");
}

TEST(LimitsServerTest, EntriesOfABatchAreRequestsOfTheirOwnAndFailAlone) {
  RunningServer server(Overrides{{"NAMESPACE_LIMITS", "a:rps=3,in_flight=1"}});
  v1::BatchGetRequest gets;
  for (int i = 0; i < 5; ++i) *gets.add_entries() = RefOf(static_cast<char>('a' + i), i == 4 ? "b" : "a");
  v1::BatchGetResponse got;
  ASSERT_TRUE(server.cache().BatchGet(Patient().get(), gets, &got).ok());
  ASSERT_EQ(got.results_size(), 5);
  for (int i : {0, 1, 2, 4}) EXPECT_TRUE(got.results(i).has_miss()) << i;
  EXPECT_EQ(got.results(3).error().code(), 8);
  EXPECT_EQ(got.results(3).error().reason(), "NAMESPACE_LIMIT");
  v1::BatchSetRequest sets;
  *sets.add_entries() = SetOf(RefOf('a', "a"), "x");
  *sets.add_entries() = SetOf(RefOf('a', "b"), "x");
  v1::BatchSetResponse set;
  ASSERT_TRUE(server.cache().BatchSet(Patient().get(), sets, &set).ok());
  EXPECT_EQ(set.results(0).error().reason(), "NAMESPACE_LIMIT");
  EXPECT_TRUE(set.results(1).has_stored());
}

TEST(LimitsServerTest, CallsThatWaitForSomebodyElsesAnswerAreNotInFlight) {
  RunningServer server(Overrides{{"NAMESPACE_LIMITS", "*:in_flight=1"}});
  v1::GetRequest lease = GetOf("a");
  lease.mutable_lease();
  v1::GetResponse held;
  ASSERT_TRUE(server.cache().Get(Patient().get(), lease, &held).ok());
  ASSERT_TRUE(held.has_lease());
  lease.mutable_lease()->mutable_wait()->set_seconds(30);
  std::vector<std::thread> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.emplace_back([&] {
      v1::GetResponse response;
      grpc::Status status;
      do {
        status = server.cache().Get(Patient().get(), lease, &response);
      } while (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_TRUE(response.has_hit()) << status.error_message();
    });
  }
  v1::GetStatsResponse stats;
  while (stats.leases().waiting() < 3) ASSERT_TRUE(server.admin().GetStats(Patient().get(), {}, &stats).ok());
  v1::SetRequest fill = SetOf(RefOf('a', "a"), "x");
  fill.set_fill_token(held.lease().fill_token());
  v1::SetResponse stored;
  EXPECT_TRUE(server.cache().Set(Patient().get(), fill, &stored).ok());
  for (std::thread& waiter : waiters) waiter.join();
}

TEST(LimitsServerTest, MemoryShareBoundsWhatANamespaceKeeps) {
  RunningServer server(Overrides{{"NAMESPACE_LIMITS", "greedy:memory=10%"}, {"MAX_SIZE", "50"}});
  v1::SetResponse stored;
  for (char c = 0; c < 20; ++c) {
    ASSERT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf(c, "modest"), "x"), &stored).ok());
    ASSERT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf(c, "greedy"), "x"), &stored).ok());
  }
  v1::ClearRequest clear;
  v1::ClearResponse cleared;
  clear.set_namespace_("greedy");
  ASSERT_TRUE(server.cache().Clear(Patient().get(), clear, &cleared).ok());
  EXPECT_EQ(cleared.removed_count(), 5);
  clear.set_namespace_("modest");
  ASSERT_TRUE(server.cache().Clear(Patient().get(), clear, &cleared).ok());
  EXPECT_EQ(cleared.removed_count(), 20);
}

TEST(LimitsServerTest, BadLimitsStopTheStartWithOneLine) {
  const auto settings = SettingsWith({{"NAMESPACE_LIMITS", "acme:rps=lots"}});
  EXPECT_EQ(
      ToConfig(settings).status().message(),
      "PARACLE_CACHE_NAMESPACE_LIMITS: \"acme:rps=lots\" (flag) in \"acme:rps=lots\": \"rps=lots\" is no limit; want "
      "rps=NUMBER, in_flight=NUMBER, bytes=SIZE (a second) or memory=PERCENT%, or none");
}

}  // namespace
}  // namespace paracle::service

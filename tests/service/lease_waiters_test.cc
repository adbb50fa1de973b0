// Calls that wait for somebody else's answer: how many may, what they keep others from (nothing), and how they leave.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/lease_client.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using Outcome = v1::GetResponse::OutcomeCase;

v1::GetResponse Get(RunningServer& server, const v1::GetRequest& request) {
  v1::GetResponse response;
  const grpc::Status status = server.cache().Get(Patient().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

std::string Lease(RunningServer& server, const v1::EntryRef& ref) {
  const v1::GetResponse response = Get(server, LeaseGet(ref));
  EXPECT_EQ(response.outcome_case(), Outcome::kLease);
  return response.lease().fill_token();
}

void AskAndWait(RunningServer& server, Waiters& waiters, const v1::EntryRef& ref, int count) {
  const int64_t before = LeaseStatusOf(server.admin()).waiting();
  for (int i = 0; i < count; ++i) waiters.Ask(LeaseGet(ref, absl::Seconds(50)));
  ASSERT_TRUE(BecomesTrue([&] { return LeaseStatusOf(server.admin()).waiting() == before + count; }));
}

bool NobodyWaits(RunningServer& server) {
  return BecomesTrue([&] { return LeaseStatusOf(server.admin()).waiting() == 0; });
}

// A connection of its own.
std::unique_ptr<v1::CacheService::Stub> AnotherCaller(const RunningServer& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::CacheService::NewStub(
      grpc::CreateCustomChannel(server.address(), grpc::InsecureChannelCredentials(), arguments));
}

TEST(LeaseWaitersTest, TheyDoNotCountAsInFlight) {
  RunningServer server(Overrides{{"MAX_IN_FLIGHT", "4"}});
  const std::string token = Lease(server, RefOf('a'));
  Waiters waiters(&server.cache());
  // Not all at once: a call is in flight until it waits.
  for (int i = 0; i < 200; ++i) AskAndWait(server, waiters, RefOf('a'), 1);
  v1::GetRequest plain;
  *plain.mutable_entry() = RefOf('b');
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Get(server, plain).outcome_case(), Outcome::kMiss);
  v1::SetRequest set = SetOf(RefOf('a'), "x");
  set.set_fill_token(token);
  v1::SetResponse stored;
  ASSERT_TRUE(server.cache().Set(Patient().get(), set, &stored).ok());
  waiters.WaitForAll();
  for (const Waiters::Call& call : waiters.calls()) EXPECT_EQ(call.outcome(), Outcome::kHit);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Get(server, plain).outcome_case(), Outcome::kMiss) << "nor afterwards";
}

TEST(LeaseWaitersTest, WhoeverIsCancelledLeavesTheLine) {
  RunningServer server;
  Lease(server, RefOf('a'));
  Waiters waiters(&server.cache());
  AskAndWait(server, waiters, RefOf('a'), 100);
  waiters.CancelAll();
  waiters.WaitForAll();
  EXPECT_TRUE(NobodyWaits(server));
  for (const Waiters::Call& call : waiters.calls()) {
    EXPECT_EQ(call.status.error_code(), grpc::StatusCode::CANCELLED);
  }
}

TEST(LeaseWaitersTest, WhoseConnectionIsLostLeavesTheLine) {
  RunningServer server;
  Lease(server, RefOf('a'));
  auto stub = AnotherCaller(server);
  {
    Waiters waiters(stub.get());
    AskAndWait(server, waiters, RefOf('a'), 20);
  }
  stub.reset();
  EXPECT_TRUE(NobodyWaits(server));
}

void Release(RunningServer& server, const v1::EntryRef& ref, const std::string& token) {
  v1::ReleaseLeaseRequest request;
  *request.mutable_entry() = ref;
  request.set_fill_token(token);
  v1::ReleaseLeaseResponse response;
  EXPECT_TRUE(server.cache().ReleaseLease(Patient().get(), request, &response).ok());
}

TEST(LeaseWaitersTest, NoLeaseIsLeftWithWhomWentAwayBeforeItCame) {
  RunningServer server;
  for (int round = 0; round < 100; ++round) {
    const std::string token = Lease(server, RefOf('a'));
    Waiters waiters(&server.cache());
    AskAndWait(server, waiters, RefOf('a'), 1);
    // On one connection, so the server reads both in this order; it may act on them in any.
    waiters.CancelAll();
    Release(server, RefOf('a'), token);
    waiters.WaitForAll();
    ASSERT_TRUE(BecomesTrue([&] { return LeaseStatusOf(server.admin()).held() == 0; })) << "in round " << round;
  }
}

// The answer may have left when the caller goes: then nobody can tell that it was not read, and the lease ends by
// itself.
TEST(LeaseWaitersTest, ALeaseThatCrossesWithACancellationEndsWithItsHoldAtTheLatest) {
  RunningServer server;
  int arrived = 0, back_at_once = 0;
  for (int round = 0; round < 50; ++round) {
    const std::string token = Lease(server, RefOf('a'));
    Waiters waiters(&server.cache());
    const auto hold = absl::Milliseconds(500);
    Waiters::Call& call = waiters.Ask(LeaseGet(RefOf('a'), absl::Seconds(50), hold));
    ASSERT_TRUE(BecomesTrue([&] { return LeaseStatusOf(server.admin()).waiting() == 1; }));
    std::thread leaver([&] { call.context.TryCancel(); });
    const auto before = std::chrono::steady_clock::now();
    Release(server, RefOf('a'), token);
    leaver.join();
    waiters.Wait(call);
    arrived += call.status.ok() ? 1 : 0;
    ASSERT_TRUE(BecomesTrue([&] { return LeaseStatusOf(server.admin()).held() == 0; })) << "in round " << round;
    const auto took = std::chrono::steady_clock::now() - before;
    back_at_once += took < absl::ToChronoMilliseconds(hold) / 2 ? 1 : 0;
  }
  printf("of 50 leases that crossed with a cancellation, %d arrived and %d went back at once\n", arrived, back_at_once);
}

TEST(LeaseWaitersTest, BeyondTheLimitTheyAreToldWhenToAskAgain) {
  RunningServer server(Overrides{{"MAX_WAITERS", "5"}});
  Lease(server, RefOf('a'));
  Waiters waiters(&server.cache());
  AskAndWait(server, waiters, RefOf('a'), 5);
  const v1::GetResponse sixth = Get(server, LeaseGet(RefOf('a'), absl::Seconds(50)));
  ASSERT_EQ(sixth.outcome_case(), Outcome::kPending);
  EXPECT_GT(ToAbsl(sixth.pending().retry_after()), absl::ZeroDuration());
}

TEST(LeaseWaitersTest, OneNamespaceDoesNotTakeTheRoomOfAll) {
  RunningServer server(Overrides{{"MAX_WAITERS", "10"}, {"WAITERS_PER_NAMESPACE", "4"}});
  Lease(server, RefOf('a', "one"));
  Lease(server, RefOf('a', "two"));
  Waiters waiters(&server.cache());
  AskAndWait(server, waiters, RefOf('a', "one"), 4);
  const v1::GetResponse fifth = Get(server, LeaseGet(RefOf('a', "one"), absl::Seconds(50)));
  ASSERT_EQ(fifth.outcome_case(), Outcome::kPending);
  EXPECT_GT(ToAbsl(fifth.pending().retry_after()), absl::ZeroDuration());
  AskAndWait(server, waiters, RefOf('a', "two"), 4);
}

TEST(LeaseWaitersTest, WithNoRoomToWaitEverybodyIsToldToAskAgain) {
  RunningServer server(Overrides{{"MAX_WAITERS", "0"}});
  Lease(server, RefOf('a'));
  EXPECT_EQ(Get(server, LeaseGet(RefOf('a'), absl::Seconds(50))).outcome_case(), Outcome::kPending);
}

TEST(LeaseWaitersTest, OneCallerHoldsNoMoreLeasesThanItMayAndThenMisses) {
  RunningServer server(Overrides{{"LEASES_PER_CALLER", "2"}});
  Lease(server, RefOf('a'));
  Lease(server, RefOf('b'));
  EXPECT_EQ(Get(server, LeaseGet(RefOf('c'))).outcome_case(), Outcome::kMiss);
  v1::GetResponse other;
  ASSERT_TRUE(AnotherCaller(server)->Get(Patient().get(), LeaseGet(RefOf('c')), &other).ok());
  EXPECT_EQ(other.outcome_case(), Outcome::kLease);
}

TEST(LeaseWaitersTest, ADrainAnswersThemAtOnce) {
  RunningServer server;
  Lease(server, RefOf('a'));
  Waiters waiters(&server.cache());
  AskAndWait(server, waiters, RefOf('a'), 50);
  const auto before = std::chrono::steady_clock::now();
  std::thread drain([&] { server.server().Drain(); });
  waiters.WaitForAll();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(8)) << "long before their time is over";
  for (const Waiters::Call& call : waiters.calls()) {
    ASSERT_TRUE(call.status.ok()) << call.status.error_message();
    EXPECT_EQ(call.outcome(), Outcome::kPending);
  }
  drain.join();
}

TEST(LeaseWaitersTest, TheirQuestionsDoNotGetMixedUp) {
  RunningServer server;
  Waiters waiters(&server.cache());
  std::string tokens[8];
  for (int i = 0; i < 8; ++i) tokens[i] = Lease(server, RefOf(static_cast<char>('a' + i)));
  for (int i = 0; i < 80; ++i) waiters.Ask(LeaseGet(RefOf(static_cast<char>('a' + i % 8)), absl::Seconds(50)));
  ASSERT_TRUE(BecomesTrue([&] { return LeaseStatusOf(server.admin()).waiting() == 80; }));
  for (int i = 0; i < 8; ++i) {
    v1::SetRequest set = SetOf(RefOf(static_cast<char>('a' + i)), absl::StrCat("answer ", i));
    set.set_fill_token(tokens[i]);
    v1::SetResponse stored;
    ASSERT_TRUE(server.cache().Set(Patient().get(), set, &stored).ok());
  }
  waiters.WaitForAll();
  for (int i = 0; i < 80; ++i) {
    const Waiters::Call& call = waiters.calls()[static_cast<size_t>(i)];
    EXPECT_EQ(call.response.hit().payload(), absl::StrCat("answer ", i % 8));
  }
}

}  // namespace
}  // namespace paracle::service

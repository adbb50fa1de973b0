// The life of a lease as clients see it: Get, Set, RenewLease and ReleaseLease on a real socket.
#include <chrono>
#include <cstdio>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/lease_client.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using Outcome = v1::GetResponse::OutcomeCase;
using std::chrono::steady_clock;

class LeaseFlowTest : public testing::Test {
 protected:
  v1::GetResponse Get(const v1::GetRequest& request) {
    v1::GetResponse response;
    const grpc::Status status = server_.cache().Get(Patient().get(), request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // REQUIRES: nobody holds the lease.
  std::string Lease(char question, absl::Duration hold = absl::Seconds(30)) {
    const v1::GetResponse response = Get(LeaseGet(RefOf(question), absl::ZeroDuration(), hold));
    EXPECT_EQ(response.outcome_case(), Outcome::kLease);
    return response.lease().fill_token();
  }
  grpc::Status Set(char question, const std::string& token, absl::string_view payload = "the answer",
                   absl::Duration latency = absl::ZeroDuration()) {
    v1::SetRequest request = SetOf(RefOf(question), payload);
    request.set_fill_token(token);
    if (latency > absl::ZeroDuration()) SetDuration(latency, request.mutable_origin()->mutable_latency());
    v1::SetResponse response;
    return server_.cache().Set(Patient().get(), request, &response);
  }
  grpc::Status Renew(char question, const std::string& token, absl::Duration hold, absl::Duration* left = nullptr) {
    v1::RenewLeaseRequest request;
    *request.mutable_entry() = RefOf(question);
    request.set_fill_token(token);
    SetDuration(hold, request.mutable_hold());
    v1::RenewLeaseResponse response;
    const grpc::Status status = server_.cache().RenewLease(Patient().get(), request, &response);
    if (left != nullptr) *left = ToAbsl(response.hold());
    return status;
  }
  grpc::Status Release(char question, const std::string& token) {
    v1::ReleaseLeaseRequest request;
    *request.mutable_entry() = RefOf(question);
    request.set_fill_token(token);
    v1::ReleaseLeaseResponse response;
    return server_.cache().ReleaseLease(Patient().get(), request, &response);
  }
  v1::GetStatsResponse Stats() {
    v1::GetStatsResponse response;
    EXPECT_TRUE(server_.admin().GetStats(Patient().get(), {}, &response).ok());
    return response;
  }
  bool WaitUntilWaiting(int64_t count) {
    return BecomesTrue([&] { return LeaseStatusOf(server_.admin()).waiting() == count; });
  }
  static double Milliseconds(steady_clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
  }

  RunningServer server_{Overrides{{"LEASE_MAX_HOLD", "60s"}}};
};

TEST_F(LeaseFlowTest, TheFirstIsGivenTheLeaseAndTheOthersHitOnceItIsFilled) {
  const v1::GetResponse first = Get(LeaseGet(RefOf('a')));
  ASSERT_EQ(first.outcome_case(), Outcome::kLease);
  EXPECT_EQ(ToAbsl(first.lease().hold()), absl::Seconds(30));
  EXPECT_LE(first.lease().fill_token().size(), 64u);
  Waiters others(&server_.cache());
  for (int i = 0; i < 20; ++i) others.Ask(LeaseGet(RefOf('a'), absl::Seconds(50)));
  ASSERT_TRUE(WaitUntilWaiting(20));
  EXPECT_EQ(LeaseStatusOf(server_.admin()).held(), 1);
  const auto before = steady_clock::now();
  ASSERT_TRUE(Set('a', first.lease().fill_token()).ok());
  others.WaitForAll();
  for (const Waiters::Call& call : others.calls()) {
    ASSERT_EQ(call.outcome(), Outcome::kHit) << call.status.error_message();
    EXPECT_EQ(call.response.hit().payload(), "the answer");
  }
  printf("filled to the last of 20 hits: %.2f ms\n", Milliseconds(others.calls().back().done_at - before));
  const v1::LeaseStatus status = LeaseStatusOf(server_.admin());
  EXPECT_EQ(status.held(), 0);
  EXPECT_EQ(status.waiting(), 0);
  EXPECT_EQ(status.granted_count(), 1);
  EXPECT_EQ(status.coalesced_count(), 20);
  EXPECT_FALSE(status.alone());
}

TEST_F(LeaseFlowTest, AReleasedLeaseGoesToTheNextWithin50Milliseconds) {
  const std::string token = Lease('a');
  Waiters others(&server_.cache());
  others.Ask(LeaseGet(RefOf('a'), absl::Seconds(50)));
  ASSERT_TRUE(WaitUntilWaiting(1));
  const auto before = steady_clock::now();
  ASSERT_TRUE(Release('a', token).ok());
  const Waiters::Call& next = others.Next();
  EXPECT_EQ(next.outcome(), Outcome::kLease);
  printf("released to leased over the wire: %.2f ms\n", Milliseconds(next.done_at - before));
  EXPECT_LT(Milliseconds(next.done_at - before), 1000) << "50 on a machine that is not busy";
  EXPECT_TRUE(Release('a', token).ok()) << "lost already, which is nobody's business";
  const grpc::Status late = Set('a', token);
  EXPECT_EQ(late.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(HasReason(late, "LEASE_LOST"));
  EXPECT_TRUE(Set('a', next.response.lease().fill_token()).ok());
}

TEST_F(LeaseFlowTest, TheSameSetTwiceIsOkTwice) {
  const std::string token = Lease('a');
  EXPECT_TRUE(Set('a', token).ok());
  EXPECT_TRUE(Set('a', token).ok());
}

TEST_F(LeaseFlowTest, ALeaseThatIsNotRenewedEndsAndOneThatIsHolds) {
  const std::string dead = Lease('a', absl::Milliseconds(100));
  const std::string alive = Lease('b', absl::Milliseconds(200));
  absl::Duration left;
  ASSERT_TRUE(Renew('b', alive, absl::Seconds(40), &left).ok());
  EXPECT_EQ(left, absl::Seconds(40));
  Waiters others(&server_.cache());
  Waiters::Call& next = others.Ask(LeaseGet(RefOf('a'), absl::Seconds(50)));
  others.Wait(next);
  ASSERT_EQ(next.outcome(), Outcome::kLease);
  const grpc::Status lost = Renew('a', dead, absl::Seconds(1));
  EXPECT_EQ(lost.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(HasReason(lost, "LEASE_LOST"));
  EXPECT_TRUE(Set('b', alive).ok());
}

TEST_F(LeaseFlowTest, AHoldIsRaisedAndCutToWhatTheServerAllows) {
  EXPECT_EQ(ToAbsl(Get(LeaseGet(RefOf('a'), {}, absl::Milliseconds(1))).lease().hold()), absl::Milliseconds(100));
  EXPECT_EQ(ToAbsl(Get(LeaseGet(RefOf('b'), {}, absl::Hours(1))).lease().hold()), absl::Seconds(60));
  v1::GetRequest unset;
  *unset.mutable_entry() = RefOf('c');
  unset.mutable_lease();
  EXPECT_EQ(ToAbsl(Get(unset).lease().hold()), absl::Seconds(30));
}

TEST_F(LeaseFlowTest, WhoeverDoesNotWaitIsToldToAskAgain) {
  Lease('a');
  const v1::GetResponse other = Get(LeaseGet(RefOf('a')));
  ASSERT_EQ(other.outcome_case(), Outcome::kPending);
  EXPECT_GT(ToAbsl(other.pending().retry_after()), absl::ZeroDuration());
  EXPECT_GT(other.pending().lease_expire_time().seconds(), absl::ToUnixSeconds(absl::Now()) + 10);
}

TEST_F(LeaseFlowTest, ASliceOfWaitingEndsWellBeforeTheDeadline) {
  Lease('a');
  Waiters others(&server_.cache());
  const auto before = steady_clock::now();
  Waiters::Call& call = others.Ask(LeaseGet(RefOf('a'), absl::Seconds(60)), absl::Milliseconds(2000));
  others.Wait(call);
  ASSERT_EQ(call.outcome(), Outcome::kPending) << call.status.error_message();
  printf("a Get with 2,000 ms to wait was answered after %.0f ms\n", Milliseconds(call.done_at - before));
  EXPECT_GT(Milliseconds(call.done_at - before), 1500);
  EXPECT_EQ(ToAbsl(call.response.pending().retry_after()), absl::ZeroDuration());
  EXPECT_GT(call.response.pending().lease_expire_time().seconds(), absl::ToUnixSeconds(absl::Now()) + 10);
}

TEST_F(LeaseFlowTest, WithLessThan100MillisecondsToGoNobodyWaits) {
  Lease('a');
  Waiters others(&server_.cache());
  Waiters::Call& call = others.Ask(LeaseGet(RefOf('a'), absl::Seconds(60)), absl::Milliseconds(90));
  others.Wait(call);
  EXPECT_TRUE(call.outcome() == Outcome::kPending || call.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(LeaseStatusOf(server_.admin()).waiting(), 0);
}

TEST_F(LeaseFlowTest, P3_AnInvalidationEndsTheLeaseAndTheNextIsGivenIt) {
  const std::string stale = Lease('a');
  Waiters others(&server_.cache());
  others.Ask(LeaseGet(RefOf('a'), absl::Seconds(50)));
  ASSERT_TRUE(WaitUntilWaiting(1));
  v1::InvalidateRequest request;
  request.set_digest(RefOf('a').digest());
  v1::InvalidateResponse response;
  ASSERT_TRUE(server_.cache().Invalidate(Patient().get(), request, &response).ok());
  const Waiters::Call& next = others.Next();
  ASSERT_EQ(next.outcome(), Outcome::kLease);
  EXPECT_EQ(Set('a', stale).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(Set('a', next.response.lease().fill_token(), "fresh").ok());
  EXPECT_EQ(Get(LeaseGet(RefOf('a'))).hit().payload(), "fresh");
}

TEST_F(LeaseFlowTest, AHitDoesNotClaimTheWaitForItAsSaved) {
  ASSERT_TRUE(Set('a', Lease('a'), "x", absl::Seconds(10)).ok());
  v1::GetRequest request = LeaseGet(RefOf('a'));
  SetDuration(absl::Seconds(4), request.mutable_lease()->mutable_waited());
  ASSERT_EQ(Get(request).outcome_case(), Outcome::kHit);
  const absl::Duration saved = ToAbsl(Stats().total().saved_time());
  EXPECT_LE(saved, absl::Seconds(6));
  EXPECT_GT(saved, absl::Seconds(5));
}

TEST_F(LeaseFlowTest, AWaitWithinTheCallIsNotClaimedEither) {
  const std::string token = Lease('a');
  Waiters others(&server_.cache());
  others.Ask(LeaseGet(RefOf('a'), absl::Seconds(50)));
  const auto begun = steady_clock::now();
  ASSERT_TRUE(WaitUntilWaiting(1));
  const auto waiting = steady_clock::now();
  std::this_thread::sleep_until(waiting + std::chrono::milliseconds(300));
  ASSERT_TRUE(Set('a', token, "x", absl::Seconds(10)).ok());
  const Waiters::Call& call = others.Next();
  ASSERT_EQ(call.outcome(), Outcome::kHit);
  const absl::Duration saved = ToAbsl(Stats().total().saved_time());
  EXPECT_LE(saved, absl::Seconds(10) - absl::Milliseconds(300));
  EXPECT_GE(saved, absl::Seconds(10) - absl::FromChrono(call.done_at - begun));
}

TEST_F(LeaseFlowTest, PendingIsNeitherAHitNorAMissAndALeaseIsAMiss) {
  const std::string token = Lease('a');
  EXPECT_EQ(Stats().total().misses(), 1);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Get(LeaseGet(RefOf('a'))).outcome_case(), Outcome::kPending);
  EXPECT_EQ(Stats().total().misses(), 1);
  EXPECT_EQ(Stats().total().hits(), 0);
  ASSERT_TRUE(Set('a', token).ok());
  ASSERT_EQ(Get(LeaseGet(RefOf('a'))).outcome_case(), Outcome::kHit);
  EXPECT_EQ(Stats().total().misses(), 1);
  EXPECT_EQ(Stats().total().hits(), 1);
}

TEST_F(LeaseFlowTest, WhoeverAsksWithoutALeaseIsNotKeptWaiting) {
  Lease('a');
  v1::GetRequest plain;
  *plain.mutable_entry() = RefOf('a');
  const v1::GetResponse miss = Get(plain);
  ASSERT_EQ(miss.outcome_case(), Outcome::kMiss);
  EXPECT_TRUE(Set('a', miss.miss().fill_token()).ok()) << "nor kept from storing";
}

TEST(LeasesOffTest, WithTheCacheSwitchedOffALeaseIsAMissAndThereAreNoSuchFeatures) {
  RunningServer server(Overrides{{"ENABLED", "false"}});
  v1::GetResponse got;
  ASSERT_TRUE(server.cache().Get(Patient().get(), LeaseGet(RefOf('a'), absl::Seconds(5)), &got).ok());
  EXPECT_EQ(got.outcome_case(), Outcome::kMiss);
  const std::string token = cachecore::FillToken{.epoch = 1, .sequence = 2, .lease = 3}.Encode();
  v1::RenewLeaseRequest renew;
  *renew.mutable_entry() = RefOf('a');
  renew.set_fill_token(token);
  v1::RenewLeaseResponse renewed;
  const grpc::Status lost = server.cache().RenewLease(Patient().get(), renew, &renewed);
  EXPECT_EQ(lost.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(HasReason(lost, "LEASE_LOST"));
  v1::ReleaseLeaseRequest release;
  *release.mutable_entry() = RefOf('a');
  release.set_fill_token(token);
  v1::ReleaseLeaseResponse released;
  EXPECT_TRUE(server.cache().ReleaseLease(Patient().get(), release, &released).ok());
  v1::GetConfigResponse config;
  ASSERT_TRUE(server.admin().GetConfig(Patient().get(), {}, &config).ok());
  EXPECT_THAT(config.features(), testing::IsEmpty());
}

}  // namespace
}  // namespace paracle::service

// What is refused of requests for leases, and in which words.
#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/lease_client.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using testing::HasSubstr;

std::string LeaseToken() { return cachecore::FillToken{.epoch = 1, .sequence = 2, .lease = 3}.Encode(); }
std::string PlainToken() { return cachecore::FillToken{.epoch = 1, .sequence = 2}.Encode(); }

TEST(LeaseRequestsTest, AGetWithBadTermsIsRefusedByTheNameOfTheField) {
  const struct {
    const char* why;
    std::function<void(v1::GetRequest&)> change;
    const char* want;
  } kCases[] = {
      {"no hold", [](auto& r) { r.mutable_lease()->mutable_hold(); }, "lease.hold: must be a positive duration"},
      {"negative hold", [](auto& r) { r.mutable_lease()->mutable_hold()->set_seconds(-1); },
       "lease.hold: must be a positive duration"},
      {"hold that is no duration",
       [](auto& r) {
         r.mutable_lease()->mutable_hold()->set_seconds(1);
         r.mutable_lease()->mutable_hold()->set_nanos(-1);
       },
       "lease.hold: must be a positive duration"},
      {"hold of a nano too many", [](auto& r) { r.mutable_lease()->mutable_hold()->set_nanos(1'000'000'000); },
       "lease.hold: must be a positive duration"},
      {"negative wait", [](auto& r) { r.mutable_lease()->mutable_wait()->set_nanos(-1); },
       "lease.wait: must be a duration that is not negative"},
      {"negative waited", [](auto& r) { r.mutable_lease()->mutable_waited()->set_seconds(-5); },
       "lease.waited: must be a duration that is not negative"},
      {"no entry", [](auto& r) { r.clear_entry(); }, "entry"},
  };
  RunningServer server;
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    v1::GetRequest request;
    *request.mutable_entry() = RefOf('a');
    request.mutable_lease();
    c.change(request);
    v1::GetResponse response;
    const grpc::Status status = server.cache().Get(Patient().get(), request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(c.want));
  }
  EXPECT_EQ(LeaseStatusOf(server.admin()).held(), 0) << "none of them was given anything";
}

TEST(LeaseRequestsTest, AWaitOfAThousandYearsIsAWait) {
  RunningServer server;
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a');
  request.mutable_lease()->mutable_wait()->set_seconds(315'576'000'000);
  request.mutable_lease()->mutable_waited()->set_seconds(315'576'000'000);
  request.mutable_lease()->mutable_hold()->set_seconds(315'576'000'000);
  v1::GetResponse response;
  ASSERT_TRUE(server.cache().Get(Patient().get(), request, &response).ok());
  ASSERT_TRUE(response.has_lease());
  Waiters waiters(&server.cache());
  Waiters::Call& call = waiters.Ask(request, absl::Seconds(1));
  waiters.Wait(call);
  EXPECT_TRUE(call.response.has_pending()) << call.status.error_message();
}

TEST(LeaseRequestsTest, OnlyALeasesTokenIsRenewedOrReleased) {
  const struct {
    const char* why;
    std::string token;
  } kCases[] = {{"none", ""},
                {"garbage", "garbage"},
                {"too long", LeaseToken() + "x"},
                {"a megabyte", std::string(1 << 20, '\2')},
                {"a miss's", PlainToken()},
                {"of lease 0", std::string("\2", 1) + std::string(24, '\0')},
                {"of a later version", std::string("\x7f") + LeaseToken().substr(1)}};
  RunningServer server;
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    v1::RenewLeaseRequest renew;
    *renew.mutable_entry() = RefOf('a');
    renew.set_fill_token(c.token);
    v1::RenewLeaseResponse renewed;
    grpc::Status status = server.cache().RenewLease(Patient().get(), renew, &renewed);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("fill_token: is not a token that a Lease of this server carries"));
    v1::ReleaseLeaseRequest release;
    *release.mutable_entry() = RefOf('a');
    release.set_fill_token(c.token);
    v1::ReleaseLeaseResponse released;
    status = server.cache().ReleaseLease(Patient().get(), release, &released);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("fill_token"));
  }
}

TEST(LeaseRequestsTest, ARenewalsHoldMustBePositiveAndItsEntryThere) {
  RunningServer server;
  v1::RenewLeaseRequest request;
  request.set_fill_token(LeaseToken());
  v1::RenewLeaseResponse response;
  grpc::Status status = server.cache().RenewLease(Patient().get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("entry"));
  *request.mutable_entry() = RefOf('a');
  request.mutable_hold()->set_seconds(0);
  status = server.cache().RenewLease(Patient().get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("hold: must be a positive duration"));
}

TEST(LeaseRequestsTest, ATokenThatNobodyWasGivenIsALostLease) {
  RunningServer server;
  v1::RenewLeaseRequest renew;
  *renew.mutable_entry() = RefOf('a');
  renew.set_fill_token(LeaseToken());
  v1::RenewLeaseResponse renewed;
  const grpc::Status status = server.cache().RenewLease(Patient().get(), renew, &renewed);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(HasReason(status, "LEASE_LOST"));
  v1::SetRequest set = SetOf(RefOf('a'), "forged");
  set.set_fill_token(LeaseToken());
  v1::SetResponse stored;
  EXPECT_EQ(server.cache().Set(Patient().get(), set, &stored).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(LeaseRequestsTest, ALeaseOfOneQuestionIsNoneOfAnother) {
  RunningServer server;
  v1::GetResponse response;
  ASSERT_TRUE(server.cache().Get(Patient().get(), LeaseGet(RefOf('a')), &response).ok());
  v1::SetRequest set = SetOf(RefOf('b'), "mixed up");
  set.set_fill_token(response.lease().fill_token());
  v1::SetResponse stored;
  const grpc::Status status = server.cache().Set(Patient().get(), set, &stored);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(HasReason(status, "LEASE_LOST"));
}

TEST(LeaseRequestsTest, UnknownFieldsAreIgnored) {
  RunningServer server;
  const std::string unknown = std::string("\xf8\x07\x01\xfa\x07\x02hi\xfb\x07\xfc\x07", 12);
  const auto [status, text] = server.CallRaw("CacheService/Get", unknown + LeaseGet(RefOf('a')).SerializeAsString());
  ASSERT_TRUE(status.ok()) << status.error_message();
  v1::GetResponse response;
  ASSERT_TRUE(response.ParseFromString(text));
  ASSERT_TRUE(response.has_lease());
  v1::ReleaseLeaseRequest release;
  *release.mutable_entry() = RefOf('a');
  release.set_fill_token(response.lease().fill_token());
  EXPECT_TRUE(server.CallRaw("CacheService/ReleaseLease", release.SerializeAsString() + unknown).first.ok());
  EXPECT_EQ(LeaseStatusOf(server.admin()).held(), 0);
}

TEST(LeaseRequestsTest, ABatchStoresWithALeaseAndRefusesALostOneAlone) {
  RunningServer server;
  v1::GetResponse response;
  ASSERT_TRUE(server.cache().Get(Patient().get(), LeaseGet(RefOf('a')), &response).ok());
  v1::BatchSetRequest batch;
  *batch.add_entries() = SetOf(RefOf('a'), "x");
  batch.mutable_entries(0)->set_fill_token(response.lease().fill_token());
  *batch.add_entries() = SetOf(RefOf('b'), "y");
  batch.mutable_entries(1)->set_fill_token(LeaseToken());
  v1::BatchSetResponse stored;
  ASSERT_TRUE(server.cache().BatchSet(Patient().get(), batch, &stored).ok());
  ASSERT_EQ(stored.results_size(), 2);
  EXPECT_TRUE(stored.results(0).has_stored());
  EXPECT_EQ(stored.results(1).error().reason(), "LEASE_LOST");
  EXPECT_EQ(LeaseStatusOf(server.admin()).held(), 0);
}

}  // namespace
}  // namespace paracle::service

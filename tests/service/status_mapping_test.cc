#include "service/status_mapping.h"

#include <memory>
#include <string>
#include <vector>

#include "cachecore/error.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace paracle::service {
namespace {

namespace pb = google::protobuf;
using ::testing::ElementsAre;

// google/rpc/{status,error_details}.proto as googleapis publishes them, as far as they are used here. In a pool of
// its own, so that it clashes with nothing.
constexpr char kGoogleRpc[] = R"(
  name: "google/rpc/test.proto" package: "google.rpc" syntax: "proto3"
  message_type { name: "Status"
    field { name: "code" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
    field { name: "message" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "details" number: 3 type: TYPE_MESSAGE type_name: ".google.rpc.Any" label: LABEL_REPEATED } }
  message_type { name: "Any"
    field { name: "type_url" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_BYTES label: LABEL_OPTIONAL } }
  message_type { name: "ErrorInfo"
    field { name: "reason" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "domain" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL } }
  message_type { name: "BadRequest"
    nested_type { name: "FieldViolation"
      field { name: "field" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "description" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL } }
    field { name: "field_violations" number: 1 type: TYPE_MESSAGE
            type_name: ".google.rpc.BadRequest.FieldViolation" label: LABEL_REPEATED } }
  message_type { name: "Duration"
    field { name: "seconds" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL }
    field { name: "nanos" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL } }
  message_type { name: "RetryInfo"
    field { name: "retry_delay" number: 1 type: TYPE_MESSAGE type_name: ".google.rpc.Duration" label: LABEL_OPTIONAL } }
)";

class GoogleRpc {
 public:
  GoogleRpc() : factory_(&pool_) {
    pb::FileDescriptorProto file;
    if (!pb::TextFormat::ParseFromString(kGoogleRpc, &file) || pool_.BuildFile(file) == nullptr) abort();
  }

  // "Status code: 3 message: ..." or "unreadable": with unknown fields shown, so that nothing hides.
  std::string Show(const std::string& type, const std::string& bytes) {
    const pb::Descriptor* descriptor = pool_.FindMessageTypeByName("google.rpc." + type);
    if (descriptor == nullptr) return "unknown type " + type;
    const std::unique_ptr<pb::Message> message(factory_.GetPrototype(descriptor)->New());
    if (!message->ParseFromString(bytes)) return "unreadable " + type;
    return type + " " + message->ShortDebugString();
  }

 private:
  pb::DescriptorPool pool_;
  pb::DynamicMessageFactory factory_;
};

// The details as lines, the way a client's library would read them.
std::vector<std::string> DetailsOf(const grpc::Status& status) {
  GoogleRpc rpc;
  pb::Any one;  // Same fields as each detail; google.rpc.Status is read field by field.
  std::vector<std::string> lines;
  pb::UnknownFieldSet fields;
  if (!fields.ParseFromString(status.error_details())) return {"unreadable"};
  for (int i = 0; i < fields.field_count(); ++i) {
    if (fields.field(i).number() != 3) continue;
    if (!one.ParseFromString(fields.field(i).length_delimited())) return {"unreadable detail"};
    const std::string prefix = "type.googleapis.com/google.rpc.";
    EXPECT_EQ(one.type_url().rfind(prefix, 0), 0u) << one.type_url();
    lines.push_back(rpc.Show(one.type_url().substr(prefix.size()), one.value()));
  }
  return lines;
}

TEST(ToGrpcTest, FieldErrorCarriesReasonAndField) {
  const grpc::Status status = ToGrpc(cachecore::InvalidField("entry.digest", "is short"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "entry.digest: is short");
  EXPECT_THAT(DetailsOf(status), ElementsAre(R"(ErrorInfo reason: "INVALID_FIELD" domain: "cache.paracle")",
                                             "BadRequest field_violations { field: \"entry.digest\" "
                                             "description: \"entry.digest: is short\" }"));
}

TEST(ToGrpcTest, StatusInTheDetailsRepeatsCodeAndMessage) {
  GoogleRpc rpc;
  const grpc::Status status = ToGrpc(absl::UnavailableError("draining"));
  EXPECT_THAT(rpc.Show("Status", status.error_details()),
              testing::StartsWith(R"(Status code: 14 message: "draining" details { type_url:)"));
}

TEST(ToGrpcTest, OverloadCarriesRetryInfoAndOtherExhaustionDoesNot) {
  EXPECT_THAT(DetailsOf(ToGrpc(Overloaded())), ElementsAre(R"(ErrorInfo reason: "OVERLOADED" domain: "cache.paracle")",
                                                           "RetryInfo retry_delay { nanos: 100000000 }"));
  EXPECT_THAT(DetailsOf(ToGrpc(absl::ResourceExhaustedError("too large"))),
              ElementsAre(R"(ErrorInfo reason: "RESOURCE_EXHAUSTED" domain: "cache.paracle")"));
}

TEST(ToGrpcTest, CodesKeepTheirMeaning) {
  const struct {
    absl::Status status;
    grpc::StatusCode want;
  } kCases[] = {
      {absl::InvalidArgumentError(""), grpc::StatusCode::INVALID_ARGUMENT},
      {absl::FailedPreconditionError(""), grpc::StatusCode::FAILED_PRECONDITION},
      {absl::UnavailableError(""), grpc::StatusCode::UNAVAILABLE},
      {absl::UnimplementedError("not here"), grpc::StatusCode::UNIMPLEMENTED},
      {DeadlinePassed(), grpc::StatusCode::DEADLINE_EXCEEDED},
      {absl::CancelledError(""), grpc::StatusCode::CANCELLED},
      {absl::UnauthenticatedError(""), grpc::StatusCode::UNAUTHENTICATED},
      {absl::PermissionDeniedError(""), grpc::StatusCode::PERMISSION_DENIED},
      {absl::InternalError(""), grpc::StatusCode::INTERNAL},
      {absl::UnknownError(""), grpc::StatusCode::INTERNAL},
  };
  for (const auto& c : kCases) EXPECT_EQ(ToGrpc(c.status).error_code(), c.want) << c.status;
}

TEST(ToGrpcTest, OurOwnFaultsAreNotExplainedToClients) {
  EXPECT_EQ(ToGrpc(absl::InternalError("shard 3 holds a null")).error_message(), "internal error");
}

TEST(ToGrpcTest, LongMessagesFitATrailer) {
  const grpc::Status status = ToGrpc(absl::InvalidArgumentError(std::string(100'000, 'x')));
  EXPECT_EQ(status.error_message().size(), 1024u);
  EXPECT_LT(status.error_details().size(), 4096u);
}

TEST(ToItemErrorTest, SaysWhatASingleCallWouldSay) {
  const ItemErrorFields error = ToItemError(cachecore::InvalidField("f", "bad", "KEY_INVALID"));
  EXPECT_EQ(error.code, 3);
  EXPECT_EQ(error.message, "f: bad");
  EXPECT_EQ(error.reason, "KEY_INVALID");
}

}  // namespace
}  // namespace paracle::service

#include "service/status_mapping.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "service/wire_writer.h"

namespace paracle::service {
namespace {

// Clients limit trailers to 8 KiB, and the message travels twice.
constexpr size_t kMaxMessageBytes = 1024;

struct Row {
  absl::StatusCode code;
  grpc::StatusCode grpc_code;
  absl::string_view default_reason;  // Where the status brings none of its own.
  bool internal = false;             // Our own fault: the message stays here.
};

constexpr Row kTable[] = {
    {absl::StatusCode::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT, cachecore::kReasonInvalidField},
    {absl::StatusCode::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION"},
    {absl::StatusCode::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"},
    {absl::StatusCode::kAborted, grpc::StatusCode::ABORTED, "ABORTED"},
    {absl::StatusCode::kUnavailable, grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"},
    {absl::StatusCode::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED, "UNIMPLEMENTED"},
    {absl::StatusCode::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
    {absl::StatusCode::kCancelled, grpc::StatusCode::CANCELLED, "CANCELLED"},
    {absl::StatusCode::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"},
    {absl::StatusCode::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED"},
};
constexpr Row kInternalError = {absl::StatusCode::kInternal, grpc::StatusCode::INTERNAL, "INTERNAL", true};

const Row& RowOf(const absl::Status& status) {
  for (const Row& row : kTable) {
    if (row.code == status.code()) return row;
  }
  return kInternalError;
}

std::string MessageOf(const absl::Status& status) {
  if (RowOf(status).internal) return "internal error";
  return std::string(status.message().substr(0, kMaxMessageBytes));
}

std::string ReasonOf(const absl::Status& status) {
  std::string reason = cachecore::ReasonOf(status);
  return reason.empty() ? std::string(RowOf(status).default_reason) : reason;
}

// google.protobuf.Any, as the next element of google.rpc.Status.details.
void AppendDetail(absl::string_view type, absl::string_view value, std::string* status) {
  std::string any;
  WireWriter writer(&any);
  writer.Bytes(1, absl::StrCat("type.googleapis.com/google.rpc.", type));
  writer.Bytes(2, value);
  WireWriter(status).BytesAlways(3, any);
}

std::string ErrorInfo(absl::string_view reason) {
  std::string out;
  WireWriter writer(&out);
  writer.Bytes(1, reason);
  writer.Bytes(2, kErrorDomain);
  return out;
}

std::string BadRequest(absl::string_view field, absl::string_view description) {
  std::string violation;
  WireWriter writer(&violation);
  writer.Bytes(1, field);
  writer.Bytes(2, description);
  std::string out;
  WireWriter(&out).BytesAlways(1, violation);
  return out;
}

std::string RetryInfo(absl::Duration delay) {
  std::string out;
  WireWriter(&out).Duration(1, delay);
  return out;
}

}  // namespace

absl::Status Overloaded() {
  const absl::Status status = absl::ResourceExhaustedError("too many calls in flight; try again later");
  return cachecore::WithRetryDelay(cachecore::WithReason(status, kReasonOverloaded), kOverloadRetryDelay);
}

absl::Status DeadlinePassed() {
  return cachecore::WithReason(absl::DeadlineExceededError("the deadline passed before work began"),
                               kReasonDeadlinePassed);
}

absl::Status MalformedRequest(absl::string_view message_name, absl::string_view field) {
  return cachecore::InvalidField(field, absl::StrCat("is not a valid paracle.cache.v1.", message_name),
                                 kReasonMalformedRequest);
}

grpc::Status ToGrpc(const absl::Status& status) {
  const grpc::StatusCode code = RowOf(status).grpc_code;
  const std::string message = MessageOf(status);
  const std::string reason = ReasonOf(status);
  std::string details;  // google.rpc.Status
  WireWriter writer(&details);
  writer.Varint(1, static_cast<uint64_t>(code));
  writer.Bytes(2, message);
  AppendDetail("ErrorInfo", ErrorInfo(reason), &details);
  if (const std::string field = cachecore::FieldOf(status); !field.empty()) {
    AppendDetail("BadRequest", BadRequest(field, message), &details);
  }
  if (const auto delay = cachecore::RetryDelayOf(status)) AppendDetail("RetryInfo", RetryInfo(*delay), &details);
  return grpc::Status(code, message, details);
}

ItemErrorFields ToItemError(const absl::Status& status) {
  return {static_cast<int>(RowOf(status).grpc_code), MessageOf(status), ReasonOf(status)};
}

}  // namespace paracle::service

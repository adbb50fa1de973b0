// The one table from cachecore's absl::Status to what clients see: a gRPC code, a message, and google.rpc details.
//
// Every error carries ErrorInfo (domain "cache.paracle", a stable reason); one with a field carries BadRequest;
// overload carries RetryInfo. The details are written by hand in their public wire format: Debian has no C++ classes
// for google/rpc, and classes of our own would clash with googleapis in one process. Pure, thread-safe.
#ifndef PARACLE_SERVICE_STATUS_MAPPING_H_
#define PARACLE_SERVICE_STATUS_MAPPING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace paracle::service {

inline constexpr absl::string_view kErrorDomain = "cache.paracle";
inline constexpr absl::string_view kReasonOverloaded = "OVERLOADED";
inline constexpr absl::string_view kReasonMalformedRequest = "MALFORMED_REQUEST";
inline constexpr absl::string_view kReasonNotRecording = "NOT_RECORDING";
inline constexpr absl::string_view kReasonDeadlinePassed = "DEADLINE_PASSED";

// How long a refused caller is asked to wait.
inline constexpr absl::Duration kOverloadRetryDelay = absl::Milliseconds(100);

absl::Status Overloaded();
absl::Status DeadlinePassed();
// `field` is the place of the message that could not be parsed; the request itself by default.
absl::Status MalformedRequest(absl::string_view message_name, absl::string_view field = "request");

// REQUIRES: !status.ok().
grpc::Status ToGrpc(const absl::Status& status);

// What ItemError says of the same status. Messages are cut to what fits a trailer.
struct ItemErrorFields {
  int code;
  std::string message;
  std::string reason;
};
ItemErrorFields ToItemError(const absl::Status& status);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_STATUS_MAPPING_H_

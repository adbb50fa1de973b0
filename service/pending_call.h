// PendingCall is a call that waits for its answer, as the handlers of the data plane see it.
#ifndef PARACLE_SERVICE_PENDING_CALL_H_
#define PARACLE_SERVICE_PENDING_CALL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/byte_buffer.h"

namespace paracle::service {

// Exactly one of Send and Fail is called, once, from any thread; the call may be gone when it returns.
class PendingCall {
 public:
  virtual ~PendingCall() = default;

  // REQUIRES: `response` is valid, even if it has no bytes: an unset one would abort gRPC.
  virtual void Send(grpc::ByteBuffer response) = 0;

  // REQUIRES: !status.ok().
  virtual void Fail(const absl::Status& status) = 0;

  // When the answer is of no use any more; InfiniteFuture when the caller did not say.
  virtual absl::Time deadline() const = 0;

  // How long ago the request arrived, for the ledger.
  virtual absl::Duration Elapsed() const = 0;

  // Where a miss counts. Kept here by the handler, because the request's own bytes are gone when a slower tier
  // answers, and here the memory is reused.
  struct {
    std::string ns;
    std::string model;
  } asked;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_PENDING_CALL_H_

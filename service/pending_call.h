// PendingCall is a call that waits for its answer, as the handlers of the data plane see it.
#ifndef PARACLE_SERVICE_PENDING_CALL_H_
#define PARACLE_SERVICE_PENDING_CALL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/byte_buffer.h"
#include "service/access.h"
#include "service/limits/namespace_limits.h"
#include "service/metrics/rpc.h"

namespace paracle::service {

// What a handler keeps for a call that is answered later, for as long as the call has anything to do with gRPC.
class CallState {
 public:
  virtual ~CallState() = default;

  // On the thread of the call's queue, if its method watches for it: the caller has gone. Once, perhaps while the call
  // is being answered elsewhere.
  virtual void OnCancelled() {}

  // The answer did not reach the caller, who had gone.
  virtual void OnUndelivered() {}
};

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

  // The call is going to wait for something that may take long: it is no longer one of those in flight. REQUIRES:
  // called by Handle, on its thread.
  virtual void Park() = 0;

  // Whether the caller has gone, as far as is known. Always false for methods that do not watch for it.
  virtual bool cancelled() const = 0;

  // Who calls; known before Handle.
  virtual const IdentifiedCall& identified() const = 0;

  // Where the caller is, as gRPC names the connection.
  virtual std::string peer() const = 0;

  // Set by Handle, on its thread.
  std::unique_ptr<CallState> state;

  // What the call takes of its namespace, until it is over or parked; set by Handle.
  LimitPass pass;

  // What an OK answer came to, for whoever counts. Set before Send.
  CallResult result = CallResult::kOk;

  // Where a miss counts. Kept here by the handler, because the request's own bytes are gone when a slower tier
  // answers, and here the memory is reused.
  struct {
    std::string ns;
    std::string model;
  } asked;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_PENDING_CALL_H_

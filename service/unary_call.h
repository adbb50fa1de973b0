// UnaryCall is one slot for calls of one raw method: it asks gRPC for a call, has it answered, and is used again.
//
//   kIdle --Arm--> kArmed --a call came--> kServing --Send/Fail--> kFinishing --sent--> kIdle
//                     \--the server shuts down--> kIdle
//
// Events come on the thread of the slot's queue; only Send and Fail may come from elsewhere. At any time the slot has
// at most one operation with gRPC, whose tag is the slot itself, so it must not die but in kIdle.
#ifndef PARACLE_SERVICE_UNARY_CALL_H_
#define PARACLE_SERVICE_UNARY_CALL_H_

#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "grpcpp/grpcpp.h"
#include "service/method.h"
#include "service/pending_call.h"

namespace paracle::service {

class UnaryCall final : public PendingCall {
 public:
  // What became of the slot after an event.
  enum class Event { kStarted, kFinished, kShutDown };

  // REQUIRES: `method` outlives the slot.
  explicit UnaryCall(const RawMethod* method) : method_(method) {}

  const RawMethod& method() const { return *method_; }

  // Whether this call counts as in flight. Of the queue, which sets it when the call starts.
  bool admitted = false;

  // REQUIRES: kIdle.
  void Arm(grpc::ServerCompletionQueue* queue);

  // Takes the event that the queue delivered for this slot. kStarted: the call is to be answered now.
  Event OnEvent(bool ok);

  // REQUIRES: the last event was kStarted.
  const grpc::ByteBuffer& request() const { return rpc_->request; }

  void Send(grpc::ByteBuffer response) override;
  void Fail(const absl::Status& status) override;
  absl::Time deadline() const override { return absl::FromChrono(rpc_->context.deadline()); }
  absl::Duration Elapsed() const override { return absl::FromChrono(std::chrono::steady_clock::now() - arrived_); }

 private:
  enum class State { kIdle, kArmed, kServing, kFinishing };

  // What gRPC wants fresh for every call; built in place, so the slot's memory is reused.
  struct Rpc {
    grpc::ServerContext context;
    grpc::ByteBuffer request;
    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer{&context};
  };

  const RawMethod* const method_;
  State state_ = State::kIdle;
  std::chrono::steady_clock::time_point arrived_;
  std::optional<Rpc> rpc_;  // Empty in kIdle.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_UNARY_CALL_H_

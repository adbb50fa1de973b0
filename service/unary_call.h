// UnaryCall is one slot for calls of one raw method: it asks gRPC for a call, has it answered, and is used again.
//
//   kIdle --Arm--> kArmed --a call came--> kServing --Send/Fail--> kFinishing --sent--> kIdle
//                     \--the server shuts down--> kIdle
//
// Events come on the thread of the slot's queue; only Send and Fail may come from elsewhere. At any time the slot has
// at most one operation with gRPC, and, if the method watches its callers, the notice that the call is over for gRPC,
// which comes at any time after it started. Their tags belong to the slot, so it must not die but in kIdle.
#ifndef PARACLE_SERVICE_UNARY_CALL_H_
#define PARACLE_SERVICE_UNARY_CALL_H_

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/grpcpp.h"
#include "service/admission.h"
#include "service/method.h"
#include "service/pending_call.h"

namespace paracle::service {

class UnaryCall final : public PendingCall {
 public:
  // What became of the slot after an event.
  enum class Event { kStarted, kGoesOn, kFinished, kShutDown };

  // What comes out of the queue.
  struct Tag {
    UnaryCall* call;
    bool over;  // The call is over for gRPC: answered, or its caller has gone.
  };

  // REQUIRES: both outlive the slot.
  UnaryCall(const RawMethod* method, Admission* admission) : method_(method), admission_(*admission) {}

  const RawMethod& method() const { return *method_; }

  // Whether this call, which has started, is admitted; from then until it is over or parked it counts as in flight.
  bool TryEnter() { return admitted_ = admission_.TryEnter(); }

  // REQUIRES: kIdle.
  void Arm(grpc::ServerCompletionQueue* queue);

  // Takes an event that the queue delivered for this slot. kStarted: the call is to be answered now.
  Event OnEvent(const Tag& tag, bool ok);

  // Whether it is known who calls; to be asked before the call is handled. REQUIRES: the last event was kStarted.
  absl::Status Identify(const Access& access);

  // REQUIRES: the last event was kStarted.
  const grpc::ByteBuffer& request() const { return rpc_->request; }

  // Its bytes lie in what the connection read at one time, kilobytes that a call which waits would hold. REQUIRES:
  // kStarted was the last event of this slot, answered or not since.
  void ForgetRequest() { rpc_->request.Clear(); }

  void Send(grpc::ByteBuffer response) override;
  void Fail(const absl::Status& status) override;
  absl::Time deadline() const override { return absl::FromChrono(rpc_->context.deadline()); }
  void Park() override {
    pass.Park();
    Leave();
  }
  bool cancelled() const override { return cancelled_.load(); }
  const IdentifiedCall& identified() const override { return rpc_->identified; }
  std::string peer() const override { return rpc_->context.peer(); }
  absl::Duration Elapsed() const override { return absl::FromChrono(std::chrono::steady_clock::now() - arrived_); }

 private:
  enum class State { kIdle, kArmed, kServing, kFinishing };

  // What gRPC wants fresh for every call; built in place, so the slot's memory is reused.
  struct Rpc {
    grpc::ServerContext context;
    grpc::ByteBuffer request;
    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer{&context};
    IdentifiedCall identified;
  };

  void CountFinished(CallResult result, int code);
  Event OnOver();
  Event Retire();
  void Leave() {
    if (std::exchange(admitted_, false)) admission_.Leave();
  }

  const RawMethod* const method_;
  Admission& admission_;
  Tag operation_tag_{this, false};
  Tag over_tag_{this, true};
  bool admitted_ = false;
  bool over_ = false;      // No notice is due (any more).
  bool finished_ = false;  // What was sent is sent, or never will be.
  bool delivered_ = false;
  std::atomic<bool> cancelled_ = false;
  State state_ = State::kIdle;
  std::chrono::steady_clock::time_point arrived_;
  std::optional<Rpc> rpc_;  // Empty in kIdle.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_UNARY_CALL_H_

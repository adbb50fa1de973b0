#include "service/unary_call.h"

#include "service/call_log.h"
#include "service/status_mapping.h"

namespace paracle::service {

void UnaryCall::Arm(grpc::ServerCompletionQueue* queue) {
  rpc_.emplace();
  state_ = State::kArmed;
  over_ = !method_->watches_callers;
  finished_ = false;
  cancelled_ = false;
  if (!over_) rpc_->context.AsyncNotifyWhenDone(&over_tag_);
  method_->request(&rpc_->context, &rpc_->request, &rpc_->writer, queue, &operation_tag_);
}

UnaryCall::Event UnaryCall::OnEvent(const Tag& tag, bool ok) {
  if (tag.over) return OnOver();
  if (state_ == State::kArmed && ok) {
    arrived_ = std::chrono::steady_clock::now();
    state_ = State::kServing;
    result = CallResult::kOk;
    if (method_->meter != nullptr) method_->meter->Started(method_->rpc);
    return Event::kStarted;
  }
  // A call that never started is not notified of either.
  if (state_ == State::kArmed) {
    Retire();
    return Event::kShutDown;
  }
  finished_ = true;
  delivered_ = ok;
  return over_ ? Retire() : Event::kGoesOn;
}

UnaryCall::Event UnaryCall::OnOver() {
  over_ = true;
  if (rpc_->context.IsCancelled()) {
    cancelled_ = true;
    if (state != nullptr) state->OnCancelled();
  }
  return finished_ ? Retire() : Event::kGoesOn;
}

UnaryCall::Event UnaryCall::Retire() {
  if (state != nullptr && (cancelled_ || !delivered_)) state->OnUndelivered();
  state.reset();
  pass.Leave();
  Leave();
  state_ = State::kIdle;
  rpc_.reset();
  return Event::kFinished;
}

absl::Status UnaryCall::Identify(const Access& access) {
  absl::StatusOr<IdentifiedCall> identified = access.Identify(rpc_->context, method_->operation);
  if (!identified.ok()) return identified.status();
  rpc_->identified = *std::move(identified);
  return absl::OkStatus();
}

void UnaryCall::CountFinished(CallResult result, int code) {
  if (method_->meter != nullptr) method_->meter->Finished(method_->rpc, result, code, Elapsed());
}

void UnaryCall::Send(grpc::ByteBuffer response) {
  CountFinished(result, 0);
  state_ = State::kFinishing;
  if (pass.limited()) pass.Charge(response.Length());
  rpc_->writer.Finish(response, grpc::Status::OK, &operation_tag_);
}

void UnaryCall::Fail(const absl::Status& status) {
  const grpc::Status answer = ToGrpc(status);
  LogFailedCall(method_->rpc, status, &rpc_->context);
  CountFinished(ResultOfCode(answer.error_code()), answer.error_code());
  state_ = State::kFinishing;
  rpc_->writer.FinishWithError(answer, &operation_tag_);
}

}  // namespace paracle::service

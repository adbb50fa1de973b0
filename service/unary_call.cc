#include "service/unary_call.h"

#include <utility>

#include "service/status_mapping.h"

namespace paracle::service {

void UnaryCall::Arm(grpc::ServerCompletionQueue* queue) {
  rpc_.emplace();
  state_ = State::kArmed;
  method_->request(&rpc_->context, &rpc_->request, &rpc_->writer, queue, this);
}

UnaryCall::Event UnaryCall::OnEvent(bool ok) {
  if (state_ == State::kArmed && ok) {
    arrived_ = std::chrono::steady_clock::now();
    state_ = State::kServing;
    return Event::kStarted;
  }
  // After kFinishing, `ok` only says whether the caller was still there to be answered.
  const Event event = state_ == State::kArmed ? Event::kShutDown : Event::kFinished;
  state_ = State::kIdle;
  rpc_.reset();
  return event;
}

void UnaryCall::Send(grpc::ByteBuffer response) {
  state_ = State::kFinishing;
  rpc_->writer.Finish(response, grpc::Status::OK, this);
}

void UnaryCall::Fail(const absl::Status& status) {
  state_ = State::kFinishing;
  rpc_->writer.FinishWithError(ToGrpc(status), this);
}

}  // namespace paracle::service

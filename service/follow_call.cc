#include "service/follow_call.h"

#include <utility>

#include "absl/time/clock.h"
#include "cachecore/error.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "service/call_log.h"
#include "service/message_slice.h"
#include "service/status_mapping.h"
#include "service/timestamps.h"
#include "service/validation.h"

namespace paracle::service {
namespace {

using cache::v1::FollowResponse;
using cachecore::FollowSession;
using Kind = FollowSession::Step::Kind;

absl::Status NotRecording() {
  return cachecore::WithReason(
      absl::AbortedError("nobody makes this answer (any more), and there is none; Get with a lease again"),
      kReasonNotRecording);
}

void FillEnd(const cachecore::AnswerEnd& end, cache::v1::FollowEnd* proto) {
  cache::v1::Origin* const origin = proto->mutable_origin();
  origin->set_prompt_tokens(end.origin.prompt_tokens);
  origin->set_completion_tokens(end.origin.completion_tokens);
  origin->set_cost_usd(end.origin.cost_usd);
  if (end.origin.latency != absl::ZeroDuration()) ToProto(end.origin.latency, origin->mutable_latency());
  if (end.create_time) ToProto(*end.create_time, proto->mutable_create_time());
  if (end.expire_time) ToProto(*end.expire_time, proto->mutable_expire_time());
}

FollowResponse ToProto(const FollowSession::Step& step) {
  FollowResponse response;
  switch (step.kind) {
    case Kind::kStart:
      response.mutable_start()->set_content_type(step.content_type);
      response.mutable_start()->set_live(step.live);
      break;
    case Kind::kChunks:
      for (const cachecore::Chunk& chunk : step.chunks) response.mutable_chunks()->add_chunks(*chunk);
      break;
    case Kind::kEnd:
      FillEnd(step.end, response.mutable_end());
      break;
    case Kind::kKeepAlive:
    case Kind::kNobody:
    case Kind::kWait:
      response.mutable_keep_alive();
      break;
  }
  return response;
}

}  // namespace

FollowCall::FollowCall(grpc::CallbackServerContext* context, const HandlerContext& handlers,
                       const grpc::ByteBuffer& request, OpenCalls* open_calls)
    : context_(context),
      access_(*handlers.access),
      namespace_limits_(handlers.namespace_limits),
      recordings_(handlers.recordings),
      ledger_(*handlers.ledger),
      open_calls_(open_calls),
      timer_(open_calls->meter(), Rpc::kFollow),
      begun_(absl::Now()),
      link_(std::make_shared<Link>()) {
  open_calls_->Enter();
  std::lock_guard lock(link_->mutex);
  link_->call = this;
  if (absl::Status status = Begin(request); !status.ok()) {
    FinishOnce(status);
  } else {
    Go();
  }
}

absl::Status FollowCall::Begin(grpc::ByteBuffer bytes) {
  const absl::StatusOr<IdentifiedCall> call = access_.Identify(*context_, Operation::kFollow);
  if (!call.ok()) return call.status();
  cache::v1::FollowRequest request;
  if (!grpc::SerializationTraits<cache::v1::FollowRequest>::Deserialize(&bytes, &request).ok()) {
    return MalformedRequest("FollowRequest");
  }
  const absl::StatusOr<ResolvedEntry> entry = ResolveEntry(request.entry(), {}, "entry");
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<absl::Duration> keep_alive = ResolveKeepAlive(request);
  if (!keep_alive.ok()) return keep_alive.status();
  if (absl::Status status = access_.Admit(*call, Operation::kFollow, entry->id.ns); !status.ok()) return status;
  absl::Status entered = EnterNamespace(namespace_limits_, entry->id.ns, request.ByteSizeLong(), &pass_);
  if (!entered.ok()) return entered;
  pass_.Park();  // It lasts as long as the answer takes to be made.
  if (recordings_ == nullptr) return NotRecording();
  if (!recordings_->EnterFollower()) return Overloaded();
  ns_ = std::string(entry->id.ns);
  model_ = std::string(entry->model);
  // It may come before the constructor is through: then it waits for the lock.
  session_ = std::make_shared<FollowSession>(recordings_, entry->id, entry->model,
                                             absl::FromChrono(context_->deadline()), *keep_alive, [link = link_] {
                                               std::lock_guard lock(link->mutex);
                                               if (link->call != nullptr) link->call->Go();
                                             });
  return absl::OkStatus();
}

void FollowCall::Go() {
  if (writing_ || finished_) return;
  const FollowSession::Step step = session_->Next();
  switch (step.kind) {
    case Kind::kWait:
      return;
    case Kind::kNobody:
      return FinishOnce(NotRecording(), CallResult::kMiss);
    case Kind::kEnd:
      CountHit(step.end.origin);
      finished_ = true;
      timer_.Finish(coalesced_ ? CallResult::kCoalesced : CallResult::kHit, 0);
      message_ = ToByteBuffer(ToProto(step));
      return StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
    case Kind::kStart:
      coalesced_ = step.coalesced;
      break;
    case Kind::kChunks:
    case Kind::kKeepAlive:
      break;
  }
  writing_ = true;
  message_ = ToByteBuffer(ToProto(step));
  pass_.Charge(message_.Length());
  StartWrite(&message_);
}

void FollowCall::OnWriteDone(bool ok) {
  std::lock_guard lock(link_->mutex);
  writing_ = false;
  if (!ok || cancelled_) return FinishOnce(absl::CancelledError("the reader has gone"));
  Go();
}

// A call that only waits has nothing under way that would end by itself.
void FollowCall::OnCancel() {
  std::lock_guard lock(link_->mutex);
  cancelled_ = true;
  if (!writing_) FinishOnce(absl::CancelledError("the reader has gone"));
}

void FollowCall::OnDone() {
  const std::shared_ptr<Link> link = link_;
  {
    std::lock_guard lock(link->mutex);
    link->call = nullptr;
  }
  open_calls_->Leave();
  delete this;
}

void FollowCall::FinishOnce(const absl::Status& status, std::optional<CallResult> result) {
  if (std::exchange(finished_, true)) return;
  const grpc::Status answer = ToGrpc(status);
  LogFailedCall(Rpc::kFollow, status, context_);
  timer_.Finish(result.value_or(ResultOfCode(answer.error_code())), answer.error_code());
  Finish(answer);
}

// Somebody else's call was enough for this reader, too.
void FollowCall::CountHit(const cachecore::Origin& origin) {
  if (coalesced_) recordings_->cache().CountCoalesced();
  ledger_.RecordHit(ledger_.RowFor(ns_, model_), origin, absl::Now() - begun_);
}

}  // namespace paracle::service

#include "service/record_call.h"

#include <utility>

#include "absl/time/time.h"
#include "cachecore/error.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "service/call_log.h"
#include "service/entry_counting.h"
#include "service/message_slice.h"
#include "service/set_request.h"
#include "service/status_mapping.h"
#include "service/timestamps.h"

namespace paracle::service {

using cache::v1::RecordRequest;

RecordCall::RecordCall(grpc::CallbackServerContext* context, const HandlerContext& handlers, grpc::ByteBuffer* response,
                       OpenCalls* open_calls)
    : context_(context),
      handlers_(handlers),
      response_(response),
      open_calls_(open_calls),
      timer_(open_calls->meter(), Rpc::kRecord) {
  open_calls_->Enter();
  absl::StatusOr<IdentifiedCall> identified = handlers_.access->Identify(*context, Operation::kRecord);
  if (identified.ok()) {
    identified_ = *std::move(identified);
    ReadNext();
  } else {
    Fail(identified.status());
  }
}

void RecordCall::OnReadDone(bool ok) {
  if (!ok) return Fail(cachecore::InvalidField("part", "the recording was closed without an end"));
  RecordRequest request;
  if (!grpc::SerializationTraits<RecordRequest>::Deserialize(&bytes_, &request).ok()) {
    return Fail(MalformedRequest("RecordRequest"));
  }
  if (absl::Status status = Take(request); !status.ok()) return Fail(status);
  // The start and the end are answered before more is read.
  if (request.part_case() == RecordRequest::kChunk) ReadNext();
}

absl::Status RecordCall::Take(const RecordRequest& request) {
  const bool begun = recorder_ != nullptr;
  switch (request.part_case()) {
    case RecordRequest::kStart:
      if (begun) return cachecore::InvalidField("start", "comes once, as the first part");
      return Start(request.start());
    case RecordRequest::kChunk:
      if (!begun) return cachecore::InvalidField("start", "must be the first part");
      pass_.Charge(request.chunk().size());
      payload_bytes_ += request.chunk().size();
      return recorder_->Add(request.chunk());
    case RecordRequest::kEnd:
      if (!begun) return cachecore::InvalidField("start", "must be the first part");
      return End(request.end());
    case RecordRequest::PART_NOT_SET:
      break;
  }
  return cachecore::InvalidField("part", "must be one of start, chunk and end");
}

absl::Status RecordCall::Start(const cache::v1::RecordStart& start) {
  const absl::StatusOr<ResolvedEntry> entry = ResolveEntry(start.entry(), {}, "start.entry");
  if (!entry.ok()) return entry.status();
  const auto token = ResolveLeaseToken(start.fill_token(), "start.fill_token");
  if (!token.ok()) return token.status();
  if (absl::Status status = CheckContentType(start.content_type(), "start.content_type"); !status.ok()) return status;
  const absl::Status admitted = handlers_.access->Admit(identified_, Operation::kRecord, entry->id.ns);
  if (!admitted.ok()) return admitted;
  absl::Status entered = EnterNamespace(handlers_.namespace_limits, entry->id.ns, start.ByteSizeLong(), &pass_);
  if (!entered.ok()) return entered;
  pass_.Park();  // It lasts as long as its answer takes to be made.
  if (handlers_.recordings == nullptr) return cachecore::LeaseLost();
  handlers_.recordings->Begin({.ns = std::string(entry->id.ns),
                               .digest = entry->id.digest,
                               .provider = std::string(entry->provider),
                               .model = std::string(entry->model),
                               .content_type = start.content_type()},
                              *token, [this](auto recorder) { OnBegun(std::move(recorder)); });
  return absl::OkStatus();
}

void RecordCall::OnBegun(absl::StatusOr<std::shared_ptr<cachecore::Recorder>> recorder) {
  if (!recorder.ok()) return Fail(recorder.status());
  recorder_ = *std::move(recorder);
  ReadNext();
}

absl::Status RecordCall::End(const cache::v1::RecordEnd& end) {
  const absl::StatusOr<cachecore::RecordedFacts> facts = ResolveRecordEnd(end, handlers_.limits, &tags_);
  if (!facts.ok()) return facts.status();
  recorder_->End(*facts, absl::FromChrono(context_->deadline()), [this](auto outcome) { OnStored(outcome); });
  return absl::OkStatus();
}

void RecordCall::OnStored(const absl::StatusOr<cachecore::SetOutcome>& outcome) {
  if (!outcome.ok()) return Fail(outcome.status());
  cache::v1::RecordResponse response;
  if (outcome->stored_in_memory) response.add_stored_in(cache::v1::TIER_MEMORY);
  if (outcome->stored_in_shared) response.add_stored_in(cache::v1::TIER_SHARED);
  if (response.stored_in_size() > 0) ToProto(outcome->expire_time, response.mutable_expire_time());
  *response_ = ToByteBuffer(response);
  CountEntrySize(open_calls_->meter(), payload_bytes_);
  timer_.Finish(ResultOfSet(outcome), 0);
  Finish(grpc::Status::OK);
}

void RecordCall::Fail(const absl::Status& status) {
  if (recorder_ != nullptr) recorder_->Abort();
  const grpc::Status answer = ToGrpc(status);
  LogFailedCall(Rpc::kRecord, status, context_);
  timer_.Finish(answer.error_code());
  Finish(answer);
}

// Also when the caller has gone: its read ends then.
void RecordCall::OnDone() {
  open_calls_->Leave();
  delete this;
}

}  // namespace paracle::service

#include "service/batch_set_handler.h"

#include <atomic>
#include <memory>
#include <utility>

#include "service/batch_request.h"
#include "service/entry_counting.h"
#include "service/limits/batch_passes.h"
#include "service/message_slice.h"
#include "service/set_request.h"
#include "service/status_mapping.h"

namespace paracle::service {
namespace {

// A batch while its entries are stored, each on its own and perhaps on different threads.
class Storing {
 public:
  Storing(const HandlerContext& context, PendingCall* call, size_t count)
      : meter_(context.meter), call_(call), passes_(context.namespace_limits), unanswered_(count + 1) {
    // All of them now: adding results later, from several threads, would move them.
    for (size_t i = 0; i < count; ++i) response_.add_results();
  }

  // RESOURCE_EXHAUSTED: its namespace has no room for this entry.
  absl::Status Enter(absl::string_view ns, size_t bytes) { return passes_.Enter(ns, bytes); }

  void Answer(size_t index, const absl::StatusOr<cachecore::SetOutcome>& outcome) {
    auto* result = response_.mutable_results(static_cast<int>(index));
    if (meter_ != nullptr) meter_->CountEntry(Rpc::kBatchSet, ResultOfSet(outcome));
    if (outcome.ok()) {
      FillResponse(*outcome, result->mutable_stored());
    } else {
      ItemErrorFields error = ToItemError(outcome.status());
      result->mutable_error()->set_code(error.code);
      result->mutable_error()->set_message(std::move(error.message));
      result->mutable_error()->set_reason(std::move(error.reason));
    }
    CountDown();
  }

  // Called once when everything has been handed over; whoever is last sends the response.
  void CountDown() {
    if (unanswered_.fetch_sub(1, std::memory_order_acq_rel) == 1) call_->Send(ToByteBuffer(response_));
  }

 private:
  CallMeter* const meter_;
  PendingCall* const call_;
  BatchPasses passes_;
  cache::v1::BatchSetResponse response_;
  std::atomic<size_t> unanswered_;
};

}  // namespace

void BatchSetHandler::Handle(RequestScratch& scratch, PendingCall& call) {
  if (absl::Status status = OpenBatch(scratch, "BatchSetRequest"); !status.ok()) return call.Fail(status);
  const size_t count = scratch.batch.count;
  const absl::Status admitted =
      AdmitBatch(*context_.access, call.identified(), Operation::kBatchSet, count, [&scratch](size_t index) {
        return ParseSet(scratch.batch.elements[index], scratch) ? &scratch.set.entry() : nullptr;
      });
  if (!admitted.ok()) return call.Fail(admitted);
  const absl::Time deadline = call.deadline();
  const auto storing = std::make_shared<Storing>(context_, &call, count);
  for (size_t i = 0; i < count; ++i) {
    const FieldPath path = {"entries", static_cast<int>(i)};
    const auto spec = ReadSet(context_.limits, scratch.batch.elements[i], path, scratch);
    if (!spec.ok()) {
      storing->Answer(i, spec.status());
      continue;
    }
    const absl::Status entered = storing->Enter(spec->id.ns, scratch.batch.elements[i].remaining());
    if (!entered.ok()) {
      storing->Answer(i, entered);
      continue;
    }
    CountEntrySize(context_.meter, scratch.split.payload_size);
    context_.cache->Set(*spec, deadline,
                        [storing, i](absl::StatusOr<cachecore::SetOutcome> outcome) { storing->Answer(i, outcome); });
  }
  storing->CountDown();
}

}  // namespace paracle::service

#include "service/set_handler.h"

#include "service/entry_counting.h"
#include "service/message_slice.h"
#include "service/set_request.h"

namespace paracle::service {

void SetHandler::Handle(RequestScratch& scratch, PendingCall& call) {
  const auto spec = ReadSet(context_.limits, WireCursor(scratch.pieces()), {}, scratch);
  if (!spec.ok()) return call.Fail(spec.status());
  const absl::Status admitted = context_.access->Admit(call.identified(), Operation::kSet, spec->id.ns);
  if (!admitted.ok()) return call.Fail(admitted);
  const size_t bytes = scratch.split.rest.size() + scratch.split.payload_size;
  const absl::Status entered = EnterNamespace(context_.namespace_limits, spec->id.ns, bytes, &call.pass);
  if (!entered.ok()) return call.Fail(entered);
  CountEntrySize(context_.meter, scratch.split.payload_size);
  context_.cache->Set(*spec, call.deadline(), [&call](absl::StatusOr<cachecore::SetOutcome> outcome) {
    if (!outcome.ok()) return call.Fail(outcome.status());
    cache::v1::SetResponse response;
    FillResponse(*outcome, &response);
    call.result = ResultOfSet(outcome);
    call.Send(ToByteBuffer(response));
  });
}

}  // namespace paracle::service

#include "service/set_handler.h"

#include "service/message_slice.h"
#include "service/set_request.h"

namespace paracle::service {

void SetHandler::Handle(RequestScratch& scratch, PendingCall& call) {
  StoreOne(context_, WireCursor(scratch.pieces()), {}, call.deadline(), scratch,
           [&call](absl::StatusOr<cachecore::SetOutcome> outcome) {
             if (!outcome.ok()) return call.Fail(outcome.status());
             cache::v1::SetResponse response;
             FillResponse(*outcome, &response);
             call.Send(ToByteBuffer(response));
           });
}

}  // namespace paracle::service

// What Set and BatchSet share: from one SetRequest on the wire to a Set of the cache, and its outcome back.
#ifndef PARACLE_SERVICE_SET_REQUEST_H_
#define PARACLE_SERVICE_SET_REQUEST_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cachecore/cache.h"
#include "service/handler_context.h"
#include "service/request_scratch.h"
#include "service/wire_cursor.h"

namespace paracle::service {

// Stores what `message` says; its payload is copied once, from where it lies into the entry. `done` runs exactly once,
// also with the refusal of a malformed request.
void StoreOne(const HandlerContext& context, WireCursor message, const FieldPath& path, absl::Time deadline,
              RequestScratch& scratch, cachecore::Cache::SetDone done);

void FillResponse(const cachecore::SetOutcome& outcome, cache::v1::SetResponse* response);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SET_REQUEST_H_

// What Set and BatchSet share: from one SetRequest on the wire to a Set of the cache, and its outcome back.
#ifndef PARACLE_SERVICE_SET_REQUEST_H_
#define PARACLE_SERVICE_SET_REQUEST_H_

#include "absl/status/statusor.h"
#include "cachecore/cache.h"
#include "service/metrics/rpc.h"
#include "service/request_scratch.h"
#include "service/validation.h"
#include "service/wire_cursor.h"

namespace paracle::service {

// Parses all of `message` but its payload into scratch.set. False: it is malformed.
bool ParseSet(WireCursor message, RequestScratch& scratch);

// What `message` says is to be stored. Its payload is not copied yet: views point into the message and the scratch.
absl::StatusOr<cachecore::EntrySpec> ReadSet(const RequestLimits& limits, WireCursor message, const FieldPath& path,
                                             RequestScratch& scratch);

// What it comes to, for whoever counts.
CallResult ResultOfSet(const absl::StatusOr<cachecore::SetOutcome>& outcome);

void FillResponse(const cachecore::SetOutcome& outcome, cache::v1::SetResponse* response);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SET_REQUEST_H_

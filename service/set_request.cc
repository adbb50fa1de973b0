#include "service/set_request.h"

#include "service/status_mapping.h"
#include "service/timestamps.h"

namespace paracle::service {

bool ParseSet(WireCursor message, RequestScratch& scratch) {
  return SplitPayload(message, &scratch.split) &&
         scratch.set.ParseFromArray(scratch.split.rest.data(), static_cast<int>(scratch.split.rest.size()));
}

absl::StatusOr<cachecore::EntrySpec> ReadSet(const RequestLimits& limits, WireCursor message, const FieldPath& path,
                                             RequestScratch& scratch) {
  if (!ParseSet(message, scratch)) return MalformedRequest("SetRequest", path.Of(""));
  absl::StatusOr<cachecore::EntrySpec> spec =
      ResolveSet(scratch.set, scratch.split.payload_size, limits, path, &scratch.tags);
  if (spec.ok()) spec->payload = scratch.split.payload;
  return spec;
}

CallResult ResultOfSet(const absl::StatusOr<cachecore::SetOutcome>& outcome) {
  if (!outcome.ok()) return ResultOfCode(ToItemError(outcome.status()).code);
  return outcome->stored_in_memory || outcome->stored_in_shared ? CallResult::kStored : CallResult::kDropped;
}

void FillResponse(const cachecore::SetOutcome& outcome, cache::v1::SetResponse* response) {
  if (outcome.stored_in_memory) response->add_stored_in(cache::v1::TIER_MEMORY);
  if (outcome.stored_in_shared) response->add_stored_in(cache::v1::TIER_SHARED);
  if (response->stored_in_size() > 0) ToProto(outcome.expire_time, response->mutable_expire_time());
}

}  // namespace paracle::service

#include "service/set_request.h"

#include <utility>

#include "service/status_mapping.h"
#include "service/timestamps.h"

namespace paracle::service {

void StoreOne(const HandlerContext& context, WireCursor message, const FieldPath& path, absl::Time deadline,
              RequestScratch& scratch, cachecore::Cache::SetDone done) {
  const bool whole = SplitPayload(message, &scratch.split) &&
                     scratch.set.ParseFromArray(scratch.split.rest.data(), static_cast<int>(scratch.split.rest.size()));
  if (!whole) return std::move(done)(MalformedRequest("SetRequest", path.Of("")));
  absl::StatusOr<cachecore::EntrySpec> spec =
      ResolveSet(scratch.set, scratch.split.payload_size, context.limits, path, &scratch.tags);
  if (!spec.ok()) return std::move(done)(spec.status());
  spec->payload = scratch.split.payload;
  context.cache->Set(*spec, deadline, std::move(done));
}

void FillResponse(const cachecore::SetOutcome& outcome, cache::v1::SetResponse* response) {
  if (outcome.stored_in_memory) response->add_stored_in(cache::v1::TIER_MEMORY);
  if (outcome.stored_in_shared) response->add_stored_in(cache::v1::TIER_SHARED);
  if (response->stored_in_size() > 0) ToProto(outcome.expire_time, response->mutable_expire_time());
}

}  // namespace paracle::service

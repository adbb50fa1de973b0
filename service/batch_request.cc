#include "service/batch_request.h"

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "service/status_mapping.h"
#include "service/validation.h"

namespace paracle::service {

absl::Status OpenBatch(RequestScratch& scratch, absl::string_view message_name) {
  if (!SplitBatch(WireCursor(scratch.pieces()), kMaxBatchEntries, &scratch.batch)) {
    return MalformedRequest(message_name);
  }
  if (scratch.batch.count <= kMaxBatchEntries) return absl::OkStatus();
  return cachecore::InvalidField(
      "entries", absl::StrCat("has ", scratch.batch.count, " entries; at most ", kMaxBatchEntries, " are accepted"));
}

}  // namespace paracle::service

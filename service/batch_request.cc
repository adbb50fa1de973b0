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

absl::Status AdmitBatch(const Access& access, const IdentifiedCall& call, Operation operation, size_t count,
                        absl::FunctionRef<const cache::v1::EntryRef*(size_t index)> read) {
  if (call.caller.unrestricted()) return absl::OkStatus();
  for (size_t i = 0; i < count; ++i) {
    const cache::v1::EntryRef* const entry = read(i);
    if (entry == nullptr) continue;
    const auto ns = ResolveNamespace(entry->namespace_(), "namespace");
    if (!ns.ok()) continue;
    if (absl::Status status = access.Admit(call, operation, *ns); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace paracle::service

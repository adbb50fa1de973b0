// The payload of an entry in the shared tier: codec, size and stored bytes, apart from what stands around them
// (stored_entry.h). Stateless.
#ifndef PARACLE_CACHECORE_INTERNAL_STORED_PAYLOAD_H_
#define PARACLE_CACHECORE_INTERNAL_STORED_PAYLOAD_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cachecore/stored_entry.h"

namespace paracle::cachecore::internal {

// All pieces together.
size_t SizeOf(absl::Span<const absl::string_view> pieces);

void AppendPayload(absl::Span<const absl::string_view> pieces, const StoredEntryLimits& limits, std::string& out);

// Into `entry`. Errors as of DecodeStoredEntry.
absl::Status ReadPayload(absl::string_view bytes, const StoredEntryLimits& limits, StoredEntry& entry);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_STORED_PAYLOAD_H_

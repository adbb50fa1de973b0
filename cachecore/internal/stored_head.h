// The head of an entry in the shared tier: its bytes, apart from what stands around them (stored_entry.h). Stateless.
#ifndef PARACLE_CACHECORE_INTERNAL_STORED_HEAD_H_
#define PARACLE_CACHECORE_INTERNAL_STORED_HEAD_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/entry.h"
#include "cachecore/mark_table.h"
#include "cachecore/stored_entry.h"

namespace paracle::cachecore::internal {

inline constexpr size_t kMaxHeadSize = 1 << 20;  // Of one that is read.

// What AppendHead will append.
size_t HeadSize(const EntrySpec& spec);

void AppendHead(const EntrySpec& spec, MarkTable::Position begun, absl::Time now, std::string& out);

// DATA_LOSS: it is not a head, whole and nothing more.
absl::StatusOr<StoredHead> ParseHead(absl::string_view bytes);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_STORED_HEAD_H_

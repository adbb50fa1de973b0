// How every entry in the shared tier begins (stored_entry.h): what tells whether and how the rest can be read.
// Stateless.
#ifndef PARACLE_CACHECORE_INTERNAL_STORED_FORMAT_H_
#define PARACLE_CACHECORE_INTERNAL_STORED_FORMAT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/internal/byte_reader.h"

namespace paracle::cachecore::internal {

struct StoredFormat {
  bool sealed = false;
  absl::string_view encryption_header;  // Empty unless it is sealed.
};

void AppendFormat(const StoredFormat& format, std::string& out);

// UNIMPLEMENTED: another format, or flags that are not known. DATA_LOSS: no entry. OUT_OF_RANGE: cut short.
absl::StatusOr<StoredFormat> ReadFormat(ByteReader& reader);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_STORED_FORMAT_H_

// zstd, with a context per thread that is used again: making one costs more than compressing 4 KiB. Thread-safe; a
// thread keeps up to about 2 MB for it.
#ifndef PARACLE_CACHECORE_INTERNAL_COMPRESSION_H_
#define PARACLE_CACHECORE_INTERNAL_COMPRESSION_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::cachecore::internal {

// Writes one frame made of all pieces, which are `total` bytes, to `out`; tells its size. 0: it does not fit into
// `capacity`, and what stands in `out` is of no use.
size_t Compress(absl::Span<const absl::string_view> pieces, size_t total, char* out, size_t capacity);

// Nothing is allocated unless `frame` says that it is exactly `size` bytes, and is long enough to be. DATA_LOSS: it is
// not one whole frame of that size. RESOURCE_EXHAUSTED: no memory.
absl::StatusOr<std::unique_ptr<char[]>> Decompress(absl::string_view frame, size_t size);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_COMPRESSION_H_

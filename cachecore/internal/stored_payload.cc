#include "cachecore/internal/stored_payload.h"

#include <algorithm>
#include <utility>

#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/compression.h"

namespace paracle::cachecore::internal {
namespace {

enum Codec : uint8_t { kAsItIs = 0, kZstd = 1 };

// 0: not worth it. Compresses to where the payload would stand, so that giving up costs no memory.
size_t TryToCompress(absl::Span<const absl::string_view> pieces, size_t size, const StoredEntryLimits& limits,
                     char* out) {
  if (size == 0 || size < limits.compress_from) return 0;
  const double most = static_cast<double>(size) * std::clamp(1 - limits.least_saving, 0.0, 1.0);
  return Compress(pieces, size, out, std::min(size - 1, static_cast<size_t>(most)));
}

}  // namespace

size_t SizeOf(absl::Span<const absl::string_view> pieces) {
  size_t size = 0;
  for (absl::string_view piece : pieces) size += piece.size();
  return size;
}

void AppendPayload(absl::Span<const absl::string_view> pieces, const StoredEntryLimits& limits, std::string& out) {
  const size_t size = SizeOf(pieces);
  const size_t codec_at = out.size();
  out.push_back(kAsItIs);
  AppendVarint(size, out);
  const size_t begin = out.size();
  out.resize(begin + size);
  char* end = out.data() + begin;
  if (const size_t compressed = TryToCompress(pieces, size, limits, end); compressed > 0) {
    out[codec_at] = kZstd;
    out.resize(begin + compressed);
    return;
  }
  for (absl::string_view piece : pieces) end = std::copy(piece.begin(), piece.end(), end);
}

absl::Status ReadPayload(absl::string_view bytes, const StoredEntryLimits& limits, StoredEntry& entry) {
  ByteReader reader(bytes);
  const uint8_t codec = reader.Byte();
  const uint64_t size = reader.Varint();
  const absl::string_view stored = reader.rest();
  if (!reader.ok()) return absl::DataLossError("no payload");
  if (size > limits.max_payload) return absl::ResourceExhaustedError("the payload is too large");
  if (codec == kAsItIs) {
    entry.payload = stored;
    return stored.size() == size ? absl::OkStatus() : absl::DataLossError("another size than announced");
  }
  if (codec != kZstd) return absl::UnimplementedError("unknown codec");
  absl::StatusOr<std::unique_ptr<char[]>> decompressed = Decompress(stored, size);
  if (!decompressed.ok()) return decompressed.status();
  entry.decompressed = *std::move(decompressed);
  entry.payload = {entry.decompressed.get(), static_cast<size_t>(size)};
  return absl::OkStatus();
}

}  // namespace paracle::cachecore::internal

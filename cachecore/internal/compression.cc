#include "cachecore/internal/compression.h"

#include <zstd.h>

#include <new>
#include <utility>

namespace paracle::cachecore::internal {
namespace {

constexpr int kLevel = 1;

// No frame holds more than 128 KiB for each block of at least 4 bytes.
constexpr size_t kMostFromOneByte = (128 << 10) / 4;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* Compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context = [] {
    std::unique_ptr<ZSTD_CCtx, Free> fresh(ZSTD_createCCtx());
    if (fresh != nullptr) ZSTD_CCtx_setParameter(fresh.get(), ZSTD_c_compressionLevel, kLevel);
    return fresh;
  }();
  return context.get();
}

ZSTD_DCtx* Decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  return context.get();
}

size_t SizeOrNothing(size_t size) { return ZSTD_isError(size) ? 0 : size; }

// Feeds one piece; false when it fails or `out` is full before all of it, or the end of the frame, is written.
bool Feed(ZSTD_CCtx* context, absl::string_view piece, bool last, ZSTD_outBuffer& out) {
  ZSTD_inBuffer in{piece.data(), piece.size(), 0};
  const ZSTD_EndDirective directive = last ? ZSTD_e_end : ZSTD_e_continue;
  while (true) {
    const size_t left = ZSTD_compressStream2(context, &out, &in, directive);
    if (ZSTD_isError(left)) return false;
    if (last ? left == 0 : in.pos == in.size) return true;
    if (out.pos == out.size) return false;
  }
}

size_t CompressPieces(ZSTD_CCtx* context, absl::Span<const absl::string_view> pieces, size_t total, char* out,
                      size_t capacity) {
  ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_CCtx_setPledgedSrcSize(context, total);
  ZSTD_outBuffer buffer{out, capacity, 0};
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!Feed(context, pieces[i], i + 1 == pieces.size(), buffer)) return 0;
  }
  return buffer.pos;
}

bool IsOneFrameOf(absl::string_view frame, size_t size) {
  return size / kMostFromOneByte <= frame.size() && ZSTD_getFrameContentSize(frame.data(), frame.size()) == size &&
         ZSTD_findFrameCompressedSize(frame.data(), frame.size()) == frame.size();
}

}  // namespace

size_t Compress(absl::Span<const absl::string_view> pieces, size_t total, char* out, size_t capacity) {
  ZSTD_CCtx* const context = Compressor();
  if (context == nullptr) return 0;
  if (pieces.size() != 1) return CompressPieces(context, pieces, total, out, capacity);
  // In one go, zstd needs no copy of its own.
  return SizeOrNothing(ZSTD_compress2(context, out, capacity, pieces[0].data(), pieces[0].size()));
}

absl::StatusOr<std::unique_ptr<char[]>> Decompress(absl::string_view frame, size_t size) {
  if (!IsOneFrameOf(frame, size)) return absl::DataLossError("not a zstd frame of the announced size");
  ZSTD_DCtx* const context = Decompressor();
  std::unique_ptr<char[]> bytes(new (std::nothrow) char[size]);
  if (context == nullptr || bytes == nullptr) return absl::ResourceExhaustedError("no memory to decompress");
  if (ZSTD_decompressDCtx(context, bytes.get(), size, frame.data(), frame.size()) != size) {
    return absl::DataLossError("a damaged zstd frame");
  }
  return bytes;
}

}  // namespace paracle::cachecore::internal

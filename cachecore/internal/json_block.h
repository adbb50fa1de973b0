// The inner loop of reading a JSON string: copies a block and finds the first byte that is not plain text.
// All variants give the same answer; a test holds them to it.
#ifndef PARACLE_CACHECORE_INTERNAL_JSON_BLOCK_H_
#define PARACLE_CACHECORE_INTERNAL_JSON_BLOCK_H_

#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace paracle::cachecore::internal {

inline constexpr size_t kJsonBlock = 16;

// A quote, a backslash, or a control character: what may not stand unescaped in a JSON string.
inline bool IsJsonSpecial(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

// Copies kJsonBlock bytes, then returns the index of the first special one; kJsonBlock when there is none.
inline size_t CopyJsonBlockPortable(const char* from, char* to) {
  std::memcpy(to, from, kJsonBlock);
  size_t at = 0;
  while (at < kJsonBlock && !IsJsonSpecial(from[at])) ++at;
  return at;
}

#if defined(__SSE2__)
inline size_t CopyJsonBlock(const char* from, char* to) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
  const __m128i quotes = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
  const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
  const int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), controls));
  return found == 0 ? kJsonBlock : static_cast<size_t>(__builtin_ctz(found));
}
#else
inline size_t CopyJsonBlock(const char* from, char* to) { return CopyJsonBlockPortable(from, to); }
#endif

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_JSON_BLOCK_H_

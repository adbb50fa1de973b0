// What ByteReader reads, appended to a string.
#ifndef PARACLE_CACHECORE_INTERNAL_BYTE_WRITER_H_
#define PARACLE_CACHECORE_INTERNAL_BYTE_WRITER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::internal {

constexpr size_t VarintSize(uint64_t value) { return value == 0 ? 1 : (std::bit_width(value) + 6) / 7; }
constexpr size_t TextSize(absl::string_view text) { return VarintSize(text.size()) + text.size(); }

inline void AppendFixed(uint64_t value, size_t width, std::string& out) {
  for (size_t i = 0; i < width; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
inline void AppendFixed32(uint32_t value, std::string& out) { AppendFixed(value, 4, out); }
inline void AppendFixed64(uint64_t value, std::string& out) { AppendFixed(value, 8, out); }

inline void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

inline void AppendText(absl::string_view text, std::string& out) {
  AppendVarint(text.size(), out);
  out.append(text.data(), text.size());
}

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_BYTE_WRITER_H_

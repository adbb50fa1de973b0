// ByteReader takes numbers and texts off bytes that nobody has checked: little-endian numbers, protobuf's varints.
//
// Whatever would go beyond the end fails, and from then on everything reads as zero and empty: callers read a whole
// record and ask ok() once. Views point into the bytes. Not synchronised.
#ifndef PARACLE_CACHECORE_INTERNAL_BYTE_READER_H_
#define PARACLE_CACHECORE_INTERNAL_BYTE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::internal {

class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  absl::string_view rest() const { return rest_; }

  absl::string_view Bytes(uint64_t count) {
    if (count > rest_.size()) return Fail();
    const absl::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  uint8_t Byte() { return static_cast<uint8_t>(Fixed(1)); }
  uint32_t Fixed32() { return static_cast<uint32_t>(Fixed(4)); }
  uint64_t Fixed64() { return Fixed(8); }

  // One spelling per number: what is longer than needed fails, and so does what is beyond 64 bits.
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = Byte();
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      const bool too_long = byte == 0 && shift > 0;
      const bool too_large = shift == 63 && byte > 1;
      if (too_long || too_large) break;
      return value;
    }
    Fail();
    return 0;
  }

  // A length and so many bytes.
  absl::string_view Text() { return Bytes(Varint()); }

 private:
  uint64_t Fixed(size_t width) {
    const absl::string_view bytes = Bytes(width);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
    return value;
  }

  absl::string_view Fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_BYTE_READER_H_

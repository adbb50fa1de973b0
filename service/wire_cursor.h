// WireCursor walks the fields of a protobuf message that lies in pieces, as gRPC delivers it, without joining them.
//
// It finds where fields begin and end and judges nothing else: what it hands on is parsed by protobuf. Every read is
// bounds-checked; a malformed message makes it return false and never reads outside the pieces. Not thread-safe.
#ifndef PARACLE_SERVICE_WIRE_CURSOR_H_
#define PARACLE_SERVICE_WIRE_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "service/wire_type.h"

namespace paracle::service {

class WireCursor {
 public:
  struct Tag {
    uint32_t raw = 0;

    uint32_t field() const { return raw >> 3; }
    WireType type() const { return static_cast<WireType>(raw & 7); }
  };

  // REQUIRES: `pieces` and what they show outlive the cursor and its copies.
  explicit WireCursor(absl::Span<const absl::string_view> pieces);

  size_t remaining() const { return remaining_; }
  bool AtEnd() const { return remaining_ == 0; }

  // False: malformed, or nothing left.
  bool ReadTag(Tag* tag);
  bool ReadVarint(uint64_t* value);

  // Reads the length of a length-delimited field; false when it is longer than what is left.
  bool ReadLength(size_t* size);

  // A cursor over the next `size` bytes, which this one skips. REQUIRES: size <= remaining().
  WireCursor Take(size_t size);

  // The next `size` bytes, appended to `out`. REQUIRES: size <= remaining().
  void CopyTo(size_t size, std::string* out);
  void CopyTo(size_t size, std::vector<absl::string_view>* out);  // Views of the pieces; empty ones left out.

  // Skips the value of a field that is neither a group's start nor its end.
  bool SkipValue(Tag tag);

  // As SkipValue, and appends the value's bytes to `out`.
  bool CopyValue(Tag tag, std::string* out);

 private:
  bool ReadByte(uint8_t* byte);
  // Calls `use` with each contiguous stretch of the next `size` bytes.
  template <typename Use>
  void Consume(size_t size, Use use);
  bool ValueSize(Tag tag, size_t* size, std::string* copied_prefix);

  const absl::string_view* piece_;  // Dereferenced only while bytes remain.
  size_t offset_ = 0;               // In *piece_.
  size_t remaining_ = 0;            // In all pieces from here on, or up to the limit of Take.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_WIRE_CURSOR_H_

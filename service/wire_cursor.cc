#include "service/wire_cursor.h"

#include <algorithm>

namespace paracle::service {

WireCursor::WireCursor(absl::Span<const absl::string_view> pieces) : piece_(pieces.data()) {
  for (absl::string_view piece : pieces) remaining_ += piece.size();
}

template <typename Use>
void WireCursor::Consume(size_t size, Use use) {
  remaining_ -= size;
  while (size > 0) {
    if (offset_ == piece_->size()) {
      ++piece_;
      offset_ = 0;
      continue;
    }
    const size_t step = std::min(size, piece_->size() - offset_);
    use(piece_->substr(offset_, step));
    offset_ += step;
    size -= step;
  }
}

bool WireCursor::ReadByte(uint8_t* byte) {
  if (remaining_ == 0) return false;
  Consume(1, [byte](absl::string_view view) { *byte = static_cast<uint8_t>(view[0]); });
  return true;
}

bool WireCursor::ReadVarint(uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    uint8_t byte;
    if (!ReadByte(&byte)) return false;
    *value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// As protobuf reads it: at most five bytes, of which 32 bits count.
bool WireCursor::ReadTag(Tag* tag) {
  tag->raw = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    uint8_t byte;
    if (!ReadByte(&byte)) return false;
    tag->raw |= uint32_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return tag->field() != 0;
  }
  return false;
}

// As protobuf reads it: at most five bytes, however little they say.
bool WireCursor::ReadLength(size_t* size) {
  *size = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    uint8_t byte;
    if (!ReadByte(&byte)) return false;
    *size |= size_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return *size <= remaining_;
  }
  return false;
}

WireCursor WireCursor::Take(size_t size) {
  WireCursor part = *this;
  part.remaining_ = size;
  Consume(size, [](absl::string_view) {});
  return part;
}

void WireCursor::CopyTo(size_t size, std::string* out) {
  Consume(size, [out](absl::string_view view) { out->append(view.data(), view.size()); });
}

void WireCursor::CopyTo(size_t size, std::vector<absl::string_view>* out) {
  Consume(size, [out](absl::string_view view) { out->push_back(view); });
}

namespace {

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

}  // namespace

// The bytes of the value that are still to come once the prefix that tells their number is read.
bool WireCursor::ValueSize(Tag tag, size_t* size, std::string* copied_prefix) {
  uint64_t value = 0;
  switch (tag.type()) {
    case WireType::kVarint:
      if (!ReadVarint(&value)) return false;
      if (copied_prefix != nullptr) AppendVarint(value, copied_prefix);
      *size = 0;
      return true;
    case WireType::kFixed64:
      *size = 8;
      break;
    case WireType::kFixed32:
      *size = 4;
      break;
    case WireType::kLengthDelimited:
      if (!ReadLength(size)) return false;
      if (copied_prefix != nullptr) AppendVarint(*size, copied_prefix);
      return true;
    default:
      return false;
  }
  return *size <= remaining_;
}

bool WireCursor::SkipValue(Tag tag) {
  size_t size;
  if (!ValueSize(tag, &size, nullptr)) return false;
  Consume(size, [](absl::string_view) {});
  return true;
}

bool WireCursor::CopyValue(Tag tag, std::string* out) {
  size_t size;
  if (!ValueSize(tag, &size, out)) return false;
  CopyTo(size, out);
  return true;
}

}  // namespace paracle::service

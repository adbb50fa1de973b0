#include "service/wire_writer.h"

#include <bit>
#include <cstring>

#include "service/wire_type.h"

namespace paracle::service {

int VarintSize(uint64_t value) { return (std::bit_width(value | 1) + 6) / 7; }

void WireWriter::Raw(uint64_t varint) {
  while (varint >= 0x80) {
    out_->push_back(static_cast<char>(varint | 0x80));
    varint >>= 7;
  }
  out_->push_back(static_cast<char>(varint));
}

void WireWriter::Varint(int field, uint64_t value) {
  if (value == 0) return;
  Raw(WireTag(field, WireType::kVarint));
  Raw(value);
}

void WireWriter::Double(int field, double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  if (bits == 0) return;
  Raw(WireTag(field, WireType::kFixed64));
  for (int shift = 0; shift < 64; shift += 8) out_->push_back(static_cast<char>(bits >> shift));
}

void WireWriter::Bytes(int field, absl::string_view value) {
  if (!value.empty()) BytesAlways(field, value);
}

void WireWriter::BytesAlways(int field, absl::string_view value) {
  Header(field, value.size());
  out_->append(value.data(), value.size());
}

void WireWriter::Header(int field, uint64_t size) {
  Raw(WireTag(field, WireType::kLengthDelimited));
  Raw(size);
}

void WireWriter::Timestamp(int field, absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  SecondsAndNanos(field, seconds,
                  static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

void WireWriter::Duration(int field, absl::Duration duration) {
  absl::Duration rest;
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &rest);
  SecondsAndNanos(field, seconds, static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

void WireWriter::SecondsAndNanos(int field, int64_t seconds, int32_t nanos) {
  const auto wide_nanos = static_cast<uint64_t>(int64_t{nanos});
  const int size = (seconds != 0 ? 1 + VarintSize(static_cast<uint64_t>(seconds)) : 0) +
                   (nanos != 0 ? 1 + VarintSize(wide_nanos) : 0);
  Header(field, size);
  Varint(1, static_cast<uint64_t>(seconds));
  Varint(2, wide_nanos);
}

}  // namespace paracle::service

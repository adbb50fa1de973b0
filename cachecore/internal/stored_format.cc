#include "cachecore/internal/stored_format.h"

#include "cachecore/internal/byte_writer.h"

namespace paracle::cachecore::internal {
namespace {

constexpr absl::string_view kMagic = "PRCL";
constexpr uint8_t kFormat = 1;
enum Flags : uint8_t { kPlain = 0, kSealed = 1 };

}  // namespace

void AppendFormat(const StoredFormat& format, std::string& out) {
  out.append(kMagic.data(), kMagic.size());
  out.push_back(kFormat);
  out.push_back(static_cast<char>(format.sealed ? kSealed : kPlain));
  AppendText(format.encryption_header, out);
}

absl::StatusOr<StoredFormat> ReadFormat(ByteReader& reader) {
  const absl::string_view magic = reader.Bytes(kMagic.size());
  if (reader.ok() && magic != kMagic) return absl::DataLossError("not an entry");
  const uint8_t number = reader.Byte();
  if (reader.ok() && number != kFormat) return absl::UnimplementedError("unknown format");
  const uint8_t flags = reader.Byte();
  StoredFormat format;
  format.sealed = flags == kSealed;
  if (flags > kSealed) return absl::UnimplementedError("unknown flags");
  const uint64_t size = reader.Varint();
  if (!format.sealed && size != 0) return absl::UnimplementedError("unknown encryption header");
  format.encryption_header = reader.Bytes(size);
  if (!reader.ok()) return absl::OutOfRangeError("cut short");
  return format;
}

}  // namespace paracle::cachecore::internal

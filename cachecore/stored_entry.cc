#include "cachecore/stored_entry.h"

// Inline, so that nothing more needs to be installed where the server runs.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/stored_format.h"
#include "cachecore/internal/stored_head.h"
#include "cachecore/internal/stored_payload.h"

namespace paracle::cachecore {
namespace {

using internal::ByteReader;

constexpr size_t kChecksumSize = 8;

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(what); }

uint64_t ChecksumOf(absl::string_view bytes) { return XXH64(bytes.data(), bytes.size(), /*seed=*/0); }

absl::Status ReadPlainFormat(ByteReader& reader) {
  const absl::StatusOr<internal::StoredFormat> format = internal::ReadFormat(reader);
  if (!format.ok()) return format.status();
  return format->sealed ? absl::UnimplementedError("it is encrypted") : absl::OkStatus();
}

// The bytes of the head; OUT_OF_RANGE when they are not all there.
absl::StatusOr<absl::string_view> TakeHead(ByteReader& reader) {
  if (absl::Status status = ReadPlainFormat(reader); !status.ok()) return status;
  const uint64_t size = reader.Varint();
  if (size > internal::kMaxHeadSize) return Damaged("the head is too long");
  const absl::string_view head = reader.Bytes(size);
  if (!reader.ok()) return absl::OutOfRangeError("the head is longer");
  return head;
}

// Cuts the checksum off; false when it does not match.
bool TakeChecksum(absl::string_view& bytes) {
  if (bytes.size() < kChecksumSize) return false;
  ByteReader checksum(bytes.substr(bytes.size() - kChecksumSize));
  bytes.remove_suffix(kChecksumSize);
  return checksum.Fixed64() == ChecksumOf(bytes);
}

}  // namespace

std::string EncodeStoredEntry(const EntrySpec& spec, MarkTable::Position begun, absl::Time now,
                              const StoredEntryLimits& limits) {
  constexpr size_t kFramingSize = 32;  // At most: all but head and payload.
  const size_t head_size = internal::HeadSize(spec);
  std::string out;
  out.reserve(head_size + internal::SizeOf(spec.payload) + kFramingSize + kChecksumSize);
  internal::AppendFormat({}, out);
  internal::AppendVarint(head_size, out);
  internal::AppendHead(spec, begun, now, out);
  internal::AppendPayload(spec.payload, limits, out);
  internal::AppendFixed64(ChecksumOf(out), out);
  return out;
}

absl::StatusOr<StoredEntry> DecodeStoredEntry(absl::string_view bytes, const StoredEntryLimits& limits) {
  // The format comes first: another one may have its checksum elsewhere, and is no damage.
  ByteReader format(bytes);
  if (absl::Status status = ReadPlainFormat(format); absl::IsUnimplemented(status)) return status;
  if (!TakeChecksum(bytes)) return Damaged("the checksum does not match");
  ByteReader reader(bytes);
  const absl::StatusOr<absl::string_view> head_bytes = TakeHead(reader);
  if (!head_bytes.ok()) return Damaged(head_bytes.status().message());
  absl::StatusOr<StoredHead> head = internal::ParseHead(*head_bytes);
  if (!head.ok()) return head.status();
  StoredEntry entry{.head = *std::move(head), .decompressed = nullptr, .payload = {}};
  if (absl::Status status = internal::ReadPayload(reader.rest(), limits, entry); !status.ok()) return status;
  return entry;
}

absl::StatusOr<StoredHead> DecodeStoredHead(absl::string_view beginning) {
  ByteReader reader(beginning);
  const absl::StatusOr<absl::string_view> head = TakeHead(reader);
  if (!head.ok()) return head.status();
  return internal::ParseHead(*head);
}

}  // namespace paracle::cachecore

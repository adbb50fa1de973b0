#include "cachecore/sealed_entry.h"

#include <cstdint>
#include <utility>

#include "cachecore/encryption/aead.h"
#include "cachecore/encryption/padding.h"
#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/sealing.h"
#include "cachecore/internal/stored_format.h"
#include "cachecore/internal/stored_head.h"
#include "cachecore/internal/stored_payload.h"

namespace paracle::cachecore {
namespace {

using encryption::KeyRing;
using encryption::kTagSize;
using internal::ByteReader;

constexpr absl::string_view kPurpose = "paracle-cache entry 1";
constexpr uint64_t kHeadNonce = 0, kPayloadNonce = 1;
constexpr size_t kLengthSize = 8;  // Of the payload's true length.

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(what); }

// Where the parts of a sealed entry stand, and with what it was sealed.
struct Layout {
  internal::SealingHeader header;
  size_t head_begin = 0;
  size_t head_end = 0;  // Its tag included; the payload goes from here to the end.
};

absl::Status ReadEncryptionHeader(const KeyRing& keys, absl::string_view bytes, Layout& layout) {
  ByteReader reader(bytes);
  const absl::StatusOr<internal::SealingHeader> header = internal::ReadSealingHeader(keys, reader);
  if (!header.ok()) return header.status();
  if (!reader.rest().empty()) return Damaged("a damaged encryption header");
  layout.header = *header;
  return absl::OkStatus();
}

// OUT_OF_RANGE: the head is not all there.
absl::StatusOr<Layout> ReadLayout(const KeyRing& keys, absl::string_view bytes) {
  ByteReader reader(bytes);
  const absl::StatusOr<internal::StoredFormat> format = internal::ReadFormat(reader);
  if (!format.ok()) return format.status();
  if (!format->sealed) return absl::FailedPreconditionError("it is not sealed");
  Layout layout;
  if (absl::Status status = ReadEncryptionHeader(keys, format->encryption_header, layout); !status.ok()) return status;
  const uint64_t size = reader.Varint();
  if (reader.ok() && (size < kTagSize || size > 2 * internal::kMaxHeadSize)) return Damaged("no head of that length");
  layout.head_begin = bytes.size() - reader.rest().size();
  reader.Bytes(size);
  if (!reader.ok()) return absl::OutOfRangeError("the head is longer");
  layout.head_end = layout.head_begin + size;
  return layout;
}

// Of an opened head, which ends with zeros.
absl::StatusOr<StoredHead> ParseOpened(absl::string_view opened, const KeyRing::Key& key) {
  ByteReader reader(opened);
  const absl::string_view head_bytes = reader.Text();
  if (!reader.ok()) return Damaged("a damaged head");
  absl::StatusOr<StoredHead> head = internal::ParseHead(head_bytes);
  if (head.ok() && !key.ns.empty() && key.ns != head->ns) return Damaged("sealed with the key of another namespace");
  return head;
}

absl::Status ParseOpenedPayload(absl::string_view opened, const StoredEntryLimits& limits, StoredEntry& entry) {
  ByteReader reader(opened);
  const uint64_t length = reader.Fixed64();
  const absl::string_view payload = reader.Bytes(length);
  if (!reader.ok()) return Damaged("a damaged payload");
  return internal::ReadPayload(payload, limits, entry);
}

}  // namespace

std::optional<std::string> EncodeSealedEntry(const KeyRing& keys, encryption::RandomSource random,
                                             const EntrySpec& spec, const EntryTag& tag, MarkTable::Position begun,
                                             absl::Time now, const StoredEntryLimits& limits) {
  const KeyRing::Key& master = keys.SealerOf(spec.id.ns);
  std::string header;
  if (!internal::AppendSealingHeader(master, random, header)) return std::nullopt;
  const absl::string_view salt = absl::string_view(header).substr(header.size() - internal::kSaltSize);
  const internal::SealingKey key({.key = &master, .salt = salt}, {kPurpose, tag.AsBytes()});

  constexpr size_t kFramingSize = 64;  // At most: all that is counted nowhere below.
  const size_t head_size = internal::HeadSize(spec);
  const size_t padded_head = encryption::PaddedSize(internal::VarintSize(head_size) + head_size);
  const size_t payload_size = internal::SizeOf(spec.payload) + kFramingSize;
  std::string out;
  out.reserve(header.size() + padded_head + encryption::PaddedSize(payload_size) + kFramingSize + 2 * kTagSize);
  internal::AppendFormat({.sealed = true, .encryption_header = header}, out);
  internal::AppendVarint(padded_head + kTagSize, out);
  const size_t head_begin = out.size();
  internal::AppendVarint(head_size, out);
  internal::AppendHead(spec, begun, now, out);
  key.Seal(kHeadNonce, head_begin, padded_head, out);

  const size_t payload_begin = out.size();
  internal::AppendFixed64(0, out);
  internal::AppendPayload(spec.payload, limits, out);
  const size_t size = out.size() - payload_begin;
  for (size_t i = 0; i < kLengthSize; ++i) {
    out[payload_begin + i] = static_cast<char>(uint64_t{size - kLengthSize} >> (8 * i));
  }
  key.Seal(kPayloadNonce, payload_begin, encryption::PaddedSize(size), out);
  return out;
}

absl::StatusOr<StoredEntry> DecodeSealedEntry(const KeyRing& keys, std::string bytes, const EntryTag& tag,
                                              const StoredEntryLimits& limits) {
  const absl::StatusOr<Layout> layout = ReadLayout(keys, bytes);
  if (absl::IsOutOfRange(layout.status())) return Damaged("cut short");
  if (!layout.ok()) return layout.status();
  if (bytes.size() - layout->head_end < kTagSize) return Damaged("cut short");
  const internal::SealingKey key(layout->header, {kPurpose, tag.AsBytes()});
  // The sealed head and its tag are authenticated with the payload, so the tag itself need not be looked at.
  if (!key.Open(kPayloadNonce, bytes, layout->head_end, bytes.size(), bytes.data() + layout->head_end)) {
    return internal::NotAuthentic();
  }
  key.OpenKnown(kHeadNonce, absl::MakeSpan(bytes), layout->head_begin, layout->head_end);
  const absl::string_view opened = bytes;
  const size_t head_size = layout->head_end - layout->head_begin - kTagSize;
  absl::StatusOr<StoredHead> head = ParseOpened(opened.substr(layout->head_begin, head_size), *layout->header.key);
  if (!head.ok()) return head.status();
  StoredEntry entry{.head = *std::move(head), .decompressed = nullptr, .payload = {}};
  const absl::string_view payload = opened.substr(layout->head_end, opened.size() - layout->head_end - kTagSize);
  if (absl::Status status = ParseOpenedPayload(payload, limits, entry); !status.ok()) return status;
  entry.head.bytes = std::move(bytes);  // Too long to lie in the string itself: the views stay good.
  return entry;
}

absl::StatusOr<StoredHead> DecodeSealedHead(const KeyRing& keys, absl::string_view beginning, const EntryTag& tag) {
  const absl::StatusOr<Layout> layout = ReadLayout(keys, beginning);
  if (!layout.ok()) return layout.status();
  const internal::SealingKey key(layout->header, {kPurpose, tag.AsBytes()});
  std::string opened(layout->head_end - layout->head_begin - kTagSize, '\0');
  if (!key.Open(kHeadNonce, beginning, layout->head_begin, layout->head_end, opened.data())) {
    return internal::NotAuthentic();
  }
  absl::StatusOr<StoredHead> head = ParseOpened(opened, *layout->header.key);
  if (head.ok()) head->bytes = std::move(opened);
  return head;
}

}  // namespace paracle::cachecore

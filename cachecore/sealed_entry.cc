#include "cachecore/sealed_entry.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "cachecore/encryption/aead.h"
#include "cachecore/encryption/hkdf.h"
#include "cachecore/encryption/padding.h"
#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/stored_format.h"
#include "cachecore/internal/stored_head.h"
#include "cachecore/internal/stored_payload.h"

namespace paracle::cachecore {
namespace {

using encryption::KeyRing;
using encryption::kKeySize;
using encryption::kTagSize;
using internal::ByteReader;

constexpr absl::string_view kPurpose = "paracle-cache entry 1";
constexpr size_t kSaltSize = 32;
constexpr uint64_t kHeadNonce = 0, kPayloadNonce = 1;
constexpr size_t kLengthSize = 8;  // Of the payload's true length.

using EntryKey = encryption::WipedBytes<kKeySize>;

void DeriveKey(const KeyRing::Key& key, absl::string_view salt, const EntryTag& tag, EntryKey& out) {
  char info[kPurpose.size() + EntryTag::kSize];
  std::memcpy(info, kPurpose.data(), kPurpose.size());
  std::memcpy(info + kPurpose.size(), tag.AsBytes().data(), EntryTag::kSize);
  encryption::HkdfSha256(key.secret->bytes(), salt, {info, sizeof(info)}, out.span());
}

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(what); }

// Pads what stands from `begin` on to `size` bytes and seals it where it is, with everything before it.
void SealRest(const EntryKey& key, uint64_t nonce, size_t begin, size_t size, std::string& out) {
  out.resize(begin + size + kTagSize);
  const absl::Span<char> bytes = absl::MakeSpan(out);
  encryption::Seal(key.view(), encryption::NonceOf(nonce), absl::string_view(out).substr(0, begin),
                   bytes.subspan(begin, size), bytes.subspan(begin + size));
}

// The other way round: the bytes from `begin` to `end` of `bytes`.
bool OpenPart(const EntryKey& key, uint64_t nonce, absl::string_view bytes, size_t begin, size_t end, char* out) {
  const size_t size = end - begin - kTagSize;
  return encryption::Open(key.view(), encryption::NonceOf(nonce), bytes.substr(0, begin), bytes.substr(begin, size),
                          bytes.substr(begin + size, kTagSize), {out, size});
}

// Where the parts of a sealed entry stand, and with what it was sealed.
struct Layout {
  const KeyRing::Key* key = nullptr;
  absl::string_view salt;
  size_t head_begin = 0;
  size_t head_end = 0;  // Its tag included; the payload goes from here to the end.
};

absl::Status ReadEncryptionHeader(const KeyRing& keys, absl::string_view header, Layout& layout) {
  ByteReader reader(header);
  const absl::string_view id = reader.Text();
  layout.salt = reader.Bytes(kSaltSize);
  if (!reader.ok() || !reader.rest().empty()) return Damaged("a damaged encryption header");
  layout.key = keys.Find(id);
  if (layout.key == nullptr) return absl::FailedPreconditionError("it is sealed with a key that is not here");
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

absl::Status NotAuthentic() {
  return absl::UnauthenticatedError("it was changed, or sealed as another entry or with another key of that id");
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
  char salt[kSaltSize];
  if (!random(absl::MakeSpan(salt))) return std::nullopt;
  EntryKey key;
  DeriveKey(master, {salt, kSaltSize}, tag, key);

  std::string header;
  internal::AppendText(master.id, header);
  header.append(salt, kSaltSize);
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
  SealRest(key, kHeadNonce, head_begin, padded_head, out);

  const size_t payload_begin = out.size();
  internal::AppendFixed64(0, out);
  internal::AppendPayload(spec.payload, limits, out);
  const size_t size = out.size() - payload_begin;
  for (size_t i = 0; i < kLengthSize; ++i) {
    out[payload_begin + i] = static_cast<char>(uint64_t{size - kLengthSize} >> (8 * i));
  }
  SealRest(key, kPayloadNonce, payload_begin, encryption::PaddedSize(size), out);
  return out;
}

absl::StatusOr<StoredEntry> DecodeSealedEntry(const KeyRing& keys, absl::string_view bytes, const EntryTag& tag,
                                              const StoredEntryLimits& limits) {
  const absl::StatusOr<Layout> layout = ReadLayout(keys, bytes);
  if (absl::IsOutOfRange(layout.status())) return Damaged("cut short");
  if (!layout.ok()) return layout.status();
  if (bytes.size() - layout->head_end < kTagSize) return Damaged("cut short");
  EntryKey key;
  DeriveKey(*layout->key, layout->salt, tag, key);
  const size_t head_size = layout->head_end - layout->head_begin - kTagSize;
  const size_t payload_size = bytes.size() - layout->head_end - kTagSize;
  auto opened = std::make_unique_for_overwrite<char[]>(head_size + payload_size);
  if (!OpenPart(key, kHeadNonce, bytes, layout->head_begin, layout->head_end, opened.get())) return NotAuthentic();
  if (!OpenPart(key, kPayloadNonce, bytes, layout->head_end, bytes.size(), opened.get() + head_size)) {
    return NotAuthentic();
  }
  absl::StatusOr<StoredHead> head = ParseOpened({opened.get(), head_size}, *layout->key);
  if (!head.ok()) return head.status();
  StoredEntry entry{.head = *std::move(head), .decompressed = nullptr, .payload = {}};
  const absl::string_view payload(opened.get() + head_size, payload_size);
  if (absl::Status status = ParseOpenedPayload(payload, limits, entry); !status.ok()) return status;
  entry.head.opened = std::move(opened);
  return entry;
}

absl::StatusOr<StoredHead> DecodeSealedHead(const KeyRing& keys, absl::string_view beginning, const EntryTag& tag) {
  const absl::StatusOr<Layout> layout = ReadLayout(keys, beginning);
  if (!layout.ok()) return layout.status();
  EntryKey key;
  DeriveKey(*layout->key, layout->salt, tag, key);
  const size_t size = layout->head_end - layout->head_begin - kTagSize;
  auto opened = std::make_unique_for_overwrite<char[]>(size);
  if (!OpenPart(key, kHeadNonce, beginning, layout->head_begin, layout->head_end, opened.get())) return NotAuthentic();
  absl::StatusOr<StoredHead> head = ParseOpened({opened.get(), size}, *layout->key);
  if (head.ok()) head->opened = std::move(opened);
  return head;
}

}  // namespace paracle::cachecore

#include "cachecore/stored_entry.h"

// Inline, so that nothing more needs to be installed where the server runs.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/compression.h"

namespace paracle::cachecore {
namespace {

using internal::ByteReader;

constexpr absl::string_view kMagic = "PRCL";
constexpr uint8_t kFormat = 1;
enum Codec : uint8_t { kAsItIs = 0, kZstd = 1 };

constexpr size_t kChecksumSize = 8;
constexpr size_t kMaxHeadSize = 1 << 20;
constexpr size_t kMaxTags = 1024;  // Of an entry that is read; the service allows far fewer.
constexpr int64_t kMaxCreatedMs = (int64_t{1} << 43) - 1;
constexpr int64_t kMaxLifeMs = int64_t{730} * 24 * 3600 * 1000;
constexpr int64_t kMaxLatencyNanos = int64_t{365} * 24 * 3600 * 1'000'000'000;

// Digest, position, two times, two counts of tokens, cost and latency.
constexpr size_t kFixedHeadSize = Digest::kSize + 2 * 8 + 2 * 8 + 2 * 4 + 2 * 8;

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(what); }

size_t SizeOf(absl::Span<const absl::string_view> pieces) {
  size_t size = 0;
  for (absl::string_view piece : pieces) size += piece.size();
  return size;
}

size_t HeadSize(const EntrySpec& spec) {
  size_t size = kFixedHeadSize + internal::VarintSize(spec.tags.size());
  for (absl::string_view text : {spec.id.ns, spec.provider, spec.model, spec.content_type}) {
    size += internal::TextSize(text);
  }
  for (const std::string& tag : spec.tags) size += internal::TextSize(tag);
  return size;
}

void AppendLabels(const EntrySpec& spec, std::string& out) {
  const absl::string_view digest = spec.id.digest.AsBytes();
  out.append(digest.data(), digest.size());
  for (absl::string_view text : {spec.id.ns, spec.provider, spec.model, spec.content_type}) {
    internal::AppendText(text, out);
  }
  internal::AppendVarint(spec.tags.size(), out);
  for (const std::string& tag : spec.tags) internal::AppendText(tag, out);
}

void AppendFacts(const EntrySpec& spec, MarkTable::Position begun, absl::Time now, std::string& out) {
  const int64_t created = std::clamp<int64_t>(absl::ToUnixMillis(spec.create_time.value_or(now)), 0, kMaxCreatedMs);
  const int64_t life = std::clamp<int64_t>(absl::ToInt64Milliseconds(spec.ttl), 0, kMaxLifeMs);
  const int64_t latency = std::clamp<int64_t>(absl::ToInt64Nanoseconds(spec.origin.latency), 0, kMaxLatencyNanos);
  for (uint64_t number :
       {begun.epoch, begun.number, static_cast<uint64_t>(created), static_cast<uint64_t>(created + life)}) {
    internal::AppendFixed64(number, out);
  }
  internal::AppendFixed32(spec.origin.prompt_tokens, out);
  internal::AppendFixed32(spec.origin.completion_tokens, out);
  internal::AppendFixed64(std::bit_cast<uint64_t>(spec.origin.cost_usd), out);
  internal::AppendFixed64(static_cast<uint64_t>(latency), out);
}

// 0: not worth it. Compresses to where the payload would stand, so that giving up costs no memory.
size_t TryToCompress(absl::Span<const absl::string_view> pieces, size_t size, const StoredEntryLimits& limits,
                     char* out) {
  if (size == 0 || size < limits.compress_from) return 0;
  const double most = static_cast<double>(size) * std::clamp(1 - limits.least_saving, 0.0, 1.0);
  return internal::Compress(pieces, size, out, std::min(size - 1, static_cast<size_t>(most)));
}

void AppendPayload(absl::Span<const absl::string_view> pieces, const StoredEntryLimits& limits, std::string& out) {
  const size_t size = SizeOf(pieces);
  const size_t codec_at = out.size();
  out.push_back(kAsItIs);
  internal::AppendVarint(size, out);
  const size_t begin = out.size();
  out.resize(begin + size);
  char* end = out.data() + begin;
  if (const size_t compressed = TryToCompress(pieces, size, limits, end); compressed > 0) {
    out[codec_at] = kZstd;
    out.resize(begin + compressed);
    return;
  }
  for (absl::string_view piece : pieces) end = std::copy(piece.begin(), piece.end(), end);
}

uint64_t ChecksumOf(absl::string_view bytes) { return XXH64(bytes.data(), bytes.size(), /*seed=*/0); }

// Magic, format, flags and encryption header: what tells whether this format 1 can read the rest.
absl::Status ReadFormat(ByteReader& reader) {
  const absl::string_view magic = reader.Bytes(kMagic.size());
  if (reader.ok() && magic != kMagic) return Damaged("not an entry");
  const uint8_t format = reader.Byte();
  if (reader.ok() && format != kFormat) return absl::UnimplementedError("unknown format");
  const uint8_t flags = reader.Byte();
  const uint64_t encryption_header = reader.Varint();
  if (flags != 0 || encryption_header != 0) return absl::UnimplementedError("unknown flags, or encrypted");
  return reader.ok() ? absl::OkStatus() : absl::OutOfRangeError("cut short");
}

// The bytes of the head; OUT_OF_RANGE when they are not all there.
absl::StatusOr<absl::string_view> TakeHead(ByteReader& reader) {
  if (absl::Status status = ReadFormat(reader); !status.ok()) return status;
  const uint64_t size = reader.Varint();
  if (size > kMaxHeadSize) return Damaged("the head is too long");
  const absl::string_view head = reader.Bytes(size);
  if (!reader.ok()) return absl::OutOfRangeError("the head is longer");
  return head;
}

void ReadTags(ByteReader& reader, std::vector<std::string>& tags) {
  const uint64_t count = reader.Varint();
  if (count > kMaxTags) reader.Bytes(count + kMaxHeadSize);  // Fails.
  for (uint64_t i = 0; i < count && reader.ok(); ++i) tags.emplace_back(reader.Text());
}

void ReadLabels(ByteReader& reader, StoredHead& head) {
  head.digest = Digest::FromBytes(reader.Bytes(Digest::kSize)).value_or(Digest{});
  for (absl::string_view* text : {&head.ns, &head.provider, &head.model, &head.content_type}) *text = reader.Text();
  ReadTags(reader, head.tags);
}

// False: out of range.
bool ReadTimes(ByteReader& reader, StoredHead& head) {
  const uint64_t created = reader.Fixed64();
  const uint64_t expires = reader.Fixed64();
  if (created > kMaxCreatedMs || expires < created || expires - created > kMaxLifeMs) return false;
  head.create_time = absl::FromUnixMillis(static_cast<int64_t>(created));
  head.expire_time = absl::FromUnixMillis(static_cast<int64_t>(expires));
  return true;
}

bool ReadOrigin(ByteReader& reader, Origin& origin) {
  origin.prompt_tokens = reader.Fixed32();
  origin.completion_tokens = reader.Fixed32();
  origin.cost_usd = std::bit_cast<double>(reader.Fixed64());
  const uint64_t latency = reader.Fixed64();
  origin.latency = absl::Nanoseconds(static_cast<int64_t>(latency));
  return std::isfinite(origin.cost_usd) && origin.cost_usd >= 0 && latency <= kMaxLatencyNanos;
}

absl::StatusOr<StoredHead> ParseHead(absl::string_view bytes) {
  ByteReader reader(bytes);
  StoredHead head;
  ReadLabels(reader, head);
  head.begun.epoch = reader.Fixed64();
  head.begun.number = reader.Fixed64();
  const bool in_range = ReadTimes(reader, head) && ReadOrigin(reader, head.origin) && !head.ns.empty();
  if (!reader.ok() || !reader.rest().empty() || !in_range) return Damaged("a damaged head");
  return head;
}

absl::Status ReadPayload(ByteReader& reader, const StoredEntryLimits& limits, StoredEntry& entry) {
  const uint8_t codec = reader.Byte();
  const uint64_t size = reader.Varint();
  const absl::string_view stored = reader.rest();
  if (!reader.ok()) return Damaged("no payload");
  if (size > limits.max_payload) return absl::ResourceExhaustedError("the payload is too large");
  if (codec == kAsItIs) {
    entry.payload = stored;
    return stored.size() == size ? absl::OkStatus() : Damaged("another size than announced");
  }
  if (codec != kZstd) return absl::UnimplementedError("unknown codec");
  absl::StatusOr<std::unique_ptr<char[]>> decompressed = internal::Decompress(stored, size);
  if (!decompressed.ok()) return decompressed.status();
  entry.decompressed = *std::move(decompressed);
  entry.payload = {entry.decompressed.get(), static_cast<size_t>(size)};
  return absl::OkStatus();
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
  const size_t head_size = HeadSize(spec);
  std::string out;
  out.reserve(head_size + SizeOf(spec.payload) + kFramingSize + kChecksumSize);
  out.append(kMagic.data(), kMagic.size());
  out.push_back(kFormat);
  out.push_back(0);                // Flags.
  internal::AppendVarint(0, out);  // Encryption header.
  internal::AppendVarint(head_size, out);
  [[maybe_unused]] const size_t head_begin = out.size();
  AppendLabels(spec, out);
  AppendFacts(spec, begun, now, out);
  assert(out.size() - head_begin == head_size);
  AppendPayload(spec.payload, limits, out);
  internal::AppendFixed64(ChecksumOf(out), out);
  return out;
}

absl::StatusOr<StoredEntry> DecodeStoredEntry(absl::string_view bytes, const StoredEntryLimits& limits) {
  // The format comes first: another one may have its checksum elsewhere, and is no damage.
  ByteReader format(bytes);
  if (absl::Status status = ReadFormat(format); absl::IsUnimplemented(status)) return status;
  if (!TakeChecksum(bytes)) return Damaged("the checksum does not match");
  ByteReader reader(bytes);
  const absl::StatusOr<absl::string_view> head_bytes = TakeHead(reader);
  if (!head_bytes.ok()) return Damaged(head_bytes.status().message());
  absl::StatusOr<StoredHead> head = ParseHead(*head_bytes);
  if (!head.ok()) return head.status();
  StoredEntry entry{.head = *std::move(head), .decompressed = nullptr, .payload = {}};
  if (absl::Status status = ReadPayload(reader, limits, entry); !status.ok()) return status;
  return entry;
}

absl::StatusOr<StoredHead> DecodeStoredHead(absl::string_view beginning) {
  ByteReader reader(beginning);
  const absl::StatusOr<absl::string_view> head = TakeHead(reader);
  if (!head.ok()) return head.status();
  return ParseHead(*head);
}

}  // namespace paracle::cachecore

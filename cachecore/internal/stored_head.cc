#include "cachecore/internal/stored_head.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"

namespace paracle::cachecore::internal {
namespace {

constexpr size_t kMaxTags = 1024;  // Of an entry that is read; the service allows far fewer.
constexpr int64_t kMaxCreatedMs = (int64_t{1} << 43) - 1;
constexpr int64_t kMaxLifeMs = int64_t{730} * 24 * 3600 * 1000;
constexpr int64_t kMaxLatencyNanos = int64_t{365} * 24 * 3600 * 1'000'000'000;

// Digest, position, two times, two counts of tokens, cost and latency.
constexpr size_t kFixedHeadSize = Digest::kSize + 2 * 8 + 2 * 8 + 2 * 4 + 2 * 8;

void AppendLabels(const EntrySpec& spec, std::string& out) {
  const absl::string_view digest = spec.id.digest.AsBytes();
  out.append(digest.data(), digest.size());
  for (absl::string_view text : {spec.id.ns, spec.provider, spec.model, spec.content_type}) {
    AppendText(text, out);
  }
  AppendVarint(spec.tags.size(), out);
  for (const std::string& tag : spec.tags) AppendText(tag, out);
}

void AppendFacts(const EntrySpec& spec, MarkTable::Position begun, absl::Time now, std::string& out) {
  const int64_t created = std::clamp<int64_t>(absl::ToUnixMillis(spec.create_time.value_or(now)), 0, kMaxCreatedMs);
  const int64_t life = std::clamp<int64_t>(absl::ToInt64Milliseconds(spec.ttl), 0, kMaxLifeMs);
  const int64_t latency = std::clamp<int64_t>(absl::ToInt64Nanoseconds(spec.origin.latency), 0, kMaxLatencyNanos);
  for (uint64_t number :
       {begun.epoch, begun.number, static_cast<uint64_t>(created), static_cast<uint64_t>(created + life)}) {
    AppendFixed64(number, out);
  }
  AppendFixed32(spec.origin.prompt_tokens, out);
  AppendFixed32(spec.origin.completion_tokens, out);
  AppendFixed64(std::bit_cast<uint64_t>(spec.origin.cost_usd), out);
  AppendFixed64(static_cast<uint64_t>(latency), out);
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

}  // namespace

size_t HeadSize(const EntrySpec& spec) {
  size_t size = kFixedHeadSize + VarintSize(spec.tags.size());
  for (absl::string_view text : {spec.id.ns, spec.provider, spec.model, spec.content_type}) {
    size += TextSize(text);
  }
  for (const std::string& tag : spec.tags) size += TextSize(tag);
  return size;
}

void AppendHead(const EntrySpec& spec, MarkTable::Position begun, absl::Time now, std::string& out) {
  AppendLabels(spec, out);
  AppendFacts(spec, begun, now, out);
}

absl::StatusOr<StoredHead> ParseHead(absl::string_view bytes) {
  ByteReader reader(bytes);
  StoredHead head;
  ReadLabels(reader, head);
  head.begun.epoch = reader.Fixed64();
  head.begun.number = reader.Fixed64();
  const bool in_range = ReadTimes(reader, head) && ReadOrigin(reader, head.origin) && !head.ns.empty();
  if (!reader.ok() || !reader.rest().empty() || !in_range) return absl::DataLossError("a damaged head");
  return head;
}

}  // namespace paracle::cachecore::internal

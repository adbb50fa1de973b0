#include "cachecore/entry.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "cachecore/clock.h"
#include "cachecore/label_table.h"

namespace paracle::cachecore {
namespace {

static_assert(sizeof(Entry) == 120, "the figures of docs/adr/0004-memory-tier.md count on it");

using TagList = std::vector<std::string>;

constexpr size_t kMallocHeader = 8;
constexpr int kTtlLowBits = 20;  // Of 36 in all.
constexpr int64_t kMaxCreatedMs = (int64_t{1} << 43) - 1;

constexpr size_t kTokenSize = 17;
constexpr size_t kLeaseTokenSize = 25;
constexpr char kTokenVersion = 1;
constexpr char kLeaseTokenVersion = 2;
constexpr char kAloneTokenVersion = 3;

void AppendBigEndian(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

uint64_t ReadBigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

size_t PayloadSize(const EntrySpec& spec) {
  size_t size = 0;
  for (absl::string_view piece : spec.payload) size += piece.size();
  return size;
}

// Heap behind a string; nothing when it is short enough to be held inside.
size_t HeapOf(const std::string& text) {
  return text.capacity() <= std::string().capacity() ? 0 : text.capacity() + 1 + kMallocHeader;
}

size_t HeapOf(const TagList& tags) {
  size_t bytes = sizeof(TagList) + tags.capacity() * sizeof(std::string) + 2 * kMallocHeader;
  for (const std::string& tag : tags) bytes += HeapOf(tag);
  return bytes;
}

}  // namespace

std::string FillToken::Encode() const {
  std::string bytes(1, lease == 0 ? kTokenVersion : alone ? kAloneTokenVersion : kLeaseTokenVersion);
  AppendBigEndian(epoch, bytes);
  AppendBigEndian(sequence, bytes);
  if (lease != 0) AppendBigEndian(lease, bytes);
  return bytes;
}

std::optional<FillToken> FillToken::Decode(absl::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const char version = bytes[0];
  const bool leased = version == kLeaseTokenVersion || version == kAloneTokenVersion;
  if (!leased && version != kTokenVersion) return std::nullopt;
  if (bytes.size() != (leased ? kLeaseTokenSize : kTokenSize)) return std::nullopt;
  FillToken token{.epoch = ReadBigEndian(bytes.substr(1)), .sequence = ReadBigEndian(bytes.substr(9))};
  if (!leased) return token;
  token.lease = ReadBigEndian(bytes.substr(17));
  token.alone = version == kAloneTokenVersion;
  if (token.lease == 0) return std::nullopt;
  return token;
}

size_t Entry::SizeFor(const EntrySpec& spec) {
  size_t bytes = sizeof(Entry) + PayloadSize(spec) + kMallocHeader;
  if (!spec.tags.empty()) bytes += sizeof(TagList*) + HeapOf(TagList(spec.tags.begin(), spec.tags.end()));
  return bytes;
}

EntryHandle Entry::Create(const EntrySpec& spec, FillToken begun, LabelTable& labels, const Clock& clock) {
  const size_t payload_size = PayloadSize(spec);
  const bool has_tags = !spec.tags.empty();
  void* const memory = std::malloc(sizeof(Entry) + payload_size + (has_tags ? sizeof(TagList*) : 0));
  if (memory == nullptr) throw std::bad_alloc();
  Entry* const entry = new (memory) Entry;
  entry->digest_ = spec.id.digest;
  entry->payload_size_ = static_cast<uint32_t>(payload_size);
  entry->valid_from_.store(begun.sequence, std::memory_order_relaxed);
  entry->cost_usd_ = spec.origin.cost_usd;
  entry->prompt_tokens_ = spec.origin.prompt_tokens;
  entry->completion_tokens_ = spec.origin.completion_tokens;
  entry->latency_s_ = static_cast<float>(absl::ToDoubleSeconds(spec.origin.latency));

  const absl::Duration ttl = std::min(spec.ttl, kMaxTtl);
  const absl::Time now = clock.WallTime();
  const absl::Time created = spec.create_time.value_or(now);
  entry->expires_nanos_ = clock.MonotonicNanos() + absl::ToInt64Nanoseconds(ttl - (now - created));
  entry->created_ms_ = std::clamp<int64_t>(absl::ToUnixMillis(created), 0, kMaxCreatedMs);
  const uint64_t ttl_ms = absl::ToInt64Milliseconds(ttl);
  entry->ttl_ms_high_ = static_cast<uint16_t>(ttl_ms >> kTtlLowBits);
  entry->ttl_ms_low_ = ttl_ms & ((1u << kTtlLowBits) - 1);

  char* end = entry->PayloadStart();
  for (absl::string_view piece : spec.payload) {
    if (piece.empty()) continue;
    std::memcpy(end, piece.data(), piece.size());
    end += piece.size();
  }
  if (has_tags) {
    const TagList* const tags = new TagList(spec.tags.begin(), spec.tags.end());
    std::memcpy(end, &tags, sizeof(tags));
    entry->has_tags_ = 1;
  }
  entry->label_ = labels.Intern({.ns = spec.id.ns,
                                 .provider = spec.provider,
                                 .model = spec.model,
                                 .content_type = spec.content_type,
                                 .epoch = begun.epoch});
  return EntryHandle::Adopt(entry);
}

void Entry::Destroy(const Entry* entry) {
  delete entry->tag_list();
  Label::Unref(entry->label_);
  entry->~Entry();
  std::free(const_cast<Entry*>(entry));
}

absl::string_view Entry::payload() const {
  return {reinterpret_cast<const char*>(this) + sizeof(Entry), payload_size_};
}

absl::string_view Entry::content_type() const { return label_->content_type(); }

const std::vector<std::string>* Entry::tag_list() const {
  if (!has_tags_) return nullptr;
  const TagList* tags;
  std::memcpy(&tags, payload().data() + payload_size_, sizeof(tags));
  return tags;
}

absl::Span<const std::string> Entry::tags() const {
  const TagList* const tags = tag_list();
  return tags == nullptr ? absl::Span<const std::string>() : absl::MakeConstSpan(*tags);
}

Origin Entry::origin() const {
  return {.prompt_tokens = prompt_tokens_,
          .completion_tokens = completion_tokens_,
          .cost_usd = cost_usd_,
          .latency = absl::Seconds(latency_s_)};
}

absl::Time Entry::create_time() const { return absl::FromUnixMillis(created_ms_); }

absl::Time Entry::expire_time() const {
  return create_time() + absl::Milliseconds(uint64_t{ttl_ms_high_} << kTtlLowBits | ttl_ms_low_);
}

FillToken Entry::fill_token() const {
  return {.epoch = label_->epoch(), .sequence = valid_from_.load(std::memory_order_relaxed)};
}

size_t Entry::charge() const {
  const TagList* const tags = tag_list();
  return malloc_usable_size(const_cast<Entry*>(this)) + kMallocHeader + (tags == nullptr ? 0 : HeapOf(*tags));
}

}  // namespace paracle::cachecore

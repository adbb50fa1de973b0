// Properties of the envelope: no bytes crash its reader; what it reads, written again and read again, is the same; the
// beginning of an entry that can be read shows the same head.
//
// The bytes are also read under a checksum that matches, which mutations would never find.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/stored_entry.h"

namespace paracle::cachecore {
namespace {

constexpr StoredEntryLimits kLimits = {.compress_from = 64, .max_payload = 1 << 20};

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Sealed(absl::string_view bytes) {
  std::string sealed(bytes);
  const uint64_t checksum = XXH64(bytes.data(), bytes.size(), 0);
  for (int i = 0; i < 8; ++i) sealed.push_back(static_cast<char>(checksum >> (8 * i)));
  return sealed;
}

bool Same(const StoredHead& a, const StoredHead& b) {
  return a.digest == b.digest && a.ns == b.ns && a.provider == b.provider && a.model == b.model &&
         a.content_type == b.content_type && a.tags == b.tags && a.begun.epoch == b.begun.epoch &&
         a.begun.number == b.begun.number && a.create_time == b.create_time && a.expire_time == b.expire_time &&
         a.origin.prompt_tokens == b.origin.prompt_tokens && a.origin.completion_tokens == b.origin.completion_tokens &&
         a.origin.cost_usd == b.origin.cost_usd && a.origin.latency == b.origin.latency;
}

std::string Again(const StoredEntry& entry) {
  const StoredHead& head = entry.head;
  return EncodeStoredEntry({.id = {.ns = head.ns, .digest = head.digest},
                            .provider = head.provider,
                            .model = head.model,
                            .content_type = head.content_type,
                            .payload = {&entry.payload, 1},
                            .tags = head.tags,
                            .origin = head.origin,
                            .ttl = head.expire_time - head.create_time,
                            .fill_token = {},
                            .create_time = head.create_time},
                           head.begun, absl::UnixEpoch(), kLimits);
}

void Check(absl::string_view bytes) {
  const absl::StatusOr<StoredHead> head = DecodeStoredHead(bytes);
  const absl::StatusOr<StoredEntry> entry = DecodeStoredEntry(bytes, kLimits);
  if (!entry.ok()) return;
  Require(head.ok() && Same(*head, entry->head));
  const std::string again = Again(*entry);
  const absl::StatusOr<StoredEntry> second = DecodeStoredEntry(again, kLimits);
  Require(second.ok() && Same(second->head, entry->head) && second->payload == entry->payload);
}

}  // namespace
}  // namespace paracle::cachecore

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace paracle::cachecore;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Check(bytes);
  Check(Sealed(bytes));
  if (size >= 8) Check(Sealed(absl::string_view(bytes).substr(0, size - 8)));
  return 0;
}

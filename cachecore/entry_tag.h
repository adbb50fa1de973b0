// EntryTag is the name under which an entry and everything about it (lease, recording, messages) is found: the first 16
// bytes of the SHA-256 of its namespace, and its digest. It tells nothing of either. Regular; thread-safe.
#ifndef PARACLE_CACHECORE_ENTRY_TAG_H_
#define PARACLE_CACHECORE_ENTRY_TAG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "cachecore/entry.h"

namespace paracle::cachecore {

class EntryTag {
 public:
  static constexpr size_t kNamespaceBytes = 16;
  static constexpr size_t kSize = kNamespaceBytes + Digest::kSize;

  static EntryTag Of(const EntryId& id);

  // Of kSize bytes; nullopt otherwise.
  static std::optional<EntryTag> FromBytes(absl::string_view bytes);

  absl::string_view AsBytes() const { return {reinterpret_cast<const char*>(bytes_.data()), kSize}; }

  // The digest's own bits: as good as any hash of it.
  uint64_t Hash() const {
    uint64_t hash;
    std::memcpy(&hash, bytes_.data() + kNamespaceBytes, sizeof(hash));
    return hash;
  }

  friend bool operator==(const EntryTag&, const EntryTag&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const EntryTag& tag) {
    return H::combine(std::move(state), tag.AsBytes());
  }

 private:
  std::array<uint8_t, kSize> bytes_{};
};

// The same 16 bytes of a namespace in hex, as they stand in Redis's keys.
const std::string& HashOfNamespaceInHex(absl::string_view ns);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_ENTRY_TAG_H_

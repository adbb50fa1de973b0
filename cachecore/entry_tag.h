// EntryTag is the name under which an entry and everything about it (lease, recording, messages) is found.
//
//   16 bytes of the namespace   the first ones of its SHA-256; with a key of names: of HMAC( 'N', namespace )
//   32 bytes of the question    its digest; with a key of names: HMAC( 'E', the 16 bytes, digest )
//
// name_hash.h says what the key is for. A tag of one key is none of another's. Regular; thread-safe.
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
#include "cachecore/name_hash.h"

namespace paracle::cachecore {

class EntryTag {
 public:
  static constexpr size_t kNamespaceBytes = 16;
  static constexpr size_t kSize = kNamespaceBytes + Digest::kSize;

  static EntryTag Of(const EntryId& id, const NameHash& names);

  // Of kSize bytes; nullopt otherwise.
  static std::optional<EntryTag> FromBytes(absl::string_view bytes);

  absl::string_view AsBytes() const { return {reinterpret_cast<const char*>(bytes_.data()), kSize}; }

  // Bits of a hash: as good as any hash of them.
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
const std::string& HexOfNamespace(absl::string_view ns, const NameHash& names);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_ENTRY_TAG_H_

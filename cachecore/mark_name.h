// MarkName says what an invalidation names, in 16 bytes: the first half of
//
//   hash( kind letter, 8 bytes big-endian length of the namespace, namespace, value )
//
// with 'd' and the raw digest, 't' and the tag, 'm' and the model, or 'n' and nothing. The hash is that of names
// (name_hash.h): the same on every replica, and nothing that a reader of the shared tier could read back. Two names
// that collide are invalidated together, which is safe.
#ifndef PARACLE_CACHECORE_MARK_NAME_H_
#define PARACLE_CACHECORE_MARK_NAME_H_

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/string_view.h"
#include "cachecore/cache.h"
#include "cachecore/name_hash.h"

namespace paracle::cachecore {

struct MarkName {
  static constexpr size_t kSize = 16;

  std::array<uint8_t, kSize> bytes{};

  static MarkName Of(InvalidationTarget::Kind kind, absl::string_view ns, absl::string_view value,
                     const NameHash& names);
  static MarkName Of(const InvalidationTarget& target, const NameHash& names);

  // nullopt unless `raw` is exactly 16 bytes.
  static std::optional<MarkName> FromBytes(absl::string_view raw);

  absl::string_view AsBytes() const { return {reinterpret_cast<const char*>(bytes.data()), kSize}; }

  friend bool operator==(const MarkName&, const MarkName&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const MarkName& name) {
    return H::combine(std::move(state), name.bytes);
  }
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MARK_NAME_H_

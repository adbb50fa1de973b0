// NameHash says under what names things lie in the shared tier: 32 bytes that tell nothing of what is named.
//
// Without a key it is SHA-256, and whoever reads the tier can make sure of a guess: hash it, and look whether it is
// there. With one it is HMAC-SHA-256 under the key of names (encryption/key_ring.h), and they cannot. Copies are the
// same hash. Immutable; thread-safe.
#ifndef PARACLE_CACHECORE_NAME_HASH_H_
#define PARACLE_CACHECORE_NAME_HASH_H_

#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "cachecore/digest.h"
#include "cachecore/encryption/key_ring.h"

namespace paracle::cachecore {

class NameHash {
 public:
  // Without a key.
  NameHash() = default;

  // With the key of names that is among `keys`; null: without.
  explicit NameHash(std::shared_ptr<const encryption::KeyRing> keys);

  // Texts for different purposes must begin differently.
  Digest Of(absl::string_view text) const;

  bool keyed() const { return keys_ != nullptr; }

  // The same for copies, and for all that have no key: 0. For whoever keeps hashes.
  uint64_t id() const { return id_; }

 private:
  std::shared_ptr<const encryption::KeyRing> keys_;
  uint64_t id_ = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_NAME_HASH_H_

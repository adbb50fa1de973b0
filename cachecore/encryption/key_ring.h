// KeyRing holds the keys of the shared tier, as its operator gave them: one for names, and the ones that seal.
//
// The file has a key on each line: an id, 32 bytes in base64 (as `openssl rand -base64 32` prints them), and perhaps a
// namespace, between blanks or tabs. What follows a # at the beginning of a line is a comment.
//
//   names   4CvY...=            names in the shared tier are hashed with it: exactly one
//   2026-05 9uXn...=            seals and opens; of these, the last one seals, and every one opens
//   2026-11 Zk3a...=
//   acme-1  bq0L...= acme       the same for the namespace acme alone
//
// An entry tells the id of its key. One whose key is not here is no entry: no other key is tried on it. So a key is
// retired by taking its line out, and what it alone has sealed cannot be read any more by anybody once every copy of
// the line is gone. Immutable; thread-safe.
#ifndef PARACLE_CACHECORE_ENCRYPTION_KEY_RING_H_
#define PARACLE_CACHECORE_ENCRYPTION_KEY_RING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/encryption/secret.h"

namespace paracle::cachecore::encryption {

class KeyRing {
 public:
  static constexpr size_t kMaxKeys = 1000;
  static constexpr size_t kMaxIdSize = 32;

  struct Key {
    std::string id;  // Letters, digits, '.', '_' and '-'.
    std::string ns;  // That it is for; empty: for all that have none of their own.
    std::shared_ptr<const Secret> secret;
  };

  // INVALID_ARGUMENT with one line that says which line is wrong and what would be accepted, and no secret.
  static absl::StatusOr<std::shared_ptr<const KeyRing>> Parse(absl::string_view text);

  const Secret& names() const { return *names_; }

  // The key that seals what is stored in `ns`, which is not empty.
  const Key& SealerOf(absl::string_view ns) const;

  // nullptr: it is not here.
  const Key* Find(absl::string_view id) const;

  size_t size() const { return keys_.size(); }  // Those that seal and open.

 private:
  class Parser;

  KeyRing() = default;

  std::shared_ptr<const Secret> names_;  // Never null.
  std::vector<Key> keys_;                // In the order of the file.
  // Indices into keys_. Of a namespace, the last; "" is always there.
  absl::flat_hash_map<std::string, size_t> by_id_, sealers_;
};

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_KEY_RING_H_

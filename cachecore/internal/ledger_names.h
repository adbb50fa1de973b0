// LedgerNames says how rows of the shared ledger are named in Redis: as ledger_row.h names them or, with keys, so that
// who reads Redis learns of namespaces and models neither names nor guesses.
//
// All replicas must find the same row, and each must be able to read the rows of the others. So names are sealed in the
// way of SIV (RFC 5297): what is sealed decides what it is sealed with, and is always sealed the same.
//
//   sealed( context, text ) = salt | AES-256-GCM of length, text, zeros to a multiple of 64 bytes; context authenticated
//     salt = HMAC-SHA-256( key of names, 'L', length of the context, context, text )
//     key  = HKDF-SHA-256( key of names, salt, "paracle-cache ledger 1" ), used for this text alone, with nonce 0
//   prefix of a namespace = 'x' | length | sealed( "", prefix as of ledger_row.h )
//   row = prefix | sealed( prefix, model ); lengths are varints
//
// Thread-safe; immutable.
#ifndef PARACLE_CACHECORE_INTERNAL_LEDGER_NAMES_H_
#define PARACLE_CACHECORE_INTERNAL_LEDGER_NAMES_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "cachecore/encryption/key_ring.h"

namespace paracle::cachecore::internal {

class LedgerNames {
 public:
  // Null: names are stored as they are.
  explicit LedgerNames(std::shared_ptr<const encryption::KeyRing> keys);

  // What stands in Redis for a row, or for the row prefix of a namespace.
  struct Stored {
    std::string name;
    size_t prefix_size = 0;  // Of `name`: what all rows of the namespace begin with.
  };
  Stored Store(absl::string_view name) const;

  // The other way round. What was not stored with this key of names begins with '?', is no row's name, and is stored
  // again as it was.
  std::string Read(absl::string_view stored) const;

 private:
  std::shared_ptr<const encryption::KeyRing> keys_;
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_LEDGER_NAMES_H_

// SealedEntry is StoredEntry's other form: the same head and payload, encrypted with the keys of the shared tier.
// Whoever reads the tier learns of an entry which key has sealed it, about how long it is, and no more.
//
//   "PRCL" | format 1 | flags 1 | encryption header, a text: id of the key, a text; salt, 32 bytes
//   length of the sealed head, a varint | sealed head | sealed payload
//
// Both are AES-256-GCM (encryption/aead.h), the tag of 16 bytes at the end, under a key that is this entry's alone:
//
//   HKDF-Expand-SHA-256( the key of that id, "paracle-cache entry 1" | tag of the entry | salt )
//
// which is HKDF without its first half: that makes a key of a secret that is not random, and this one is
// (encryption/hkdf.h). The salt is random for each writing, so that a nonce is never used twice under a key, however
// often a master key is used: the head has nonce 0, the payload 1. The entry's tag (entry_tag.h) says namespace and
// question: what lies under another key of the tier does not open. Authenticated with each is everything that stands
// before it. Inside stand
//
//   length of the head, a varint | head (stored_entry.h)         | zeros
//   length of the rest, 8 bytes  | codec, size, stored bytes      | zeros
//
// as many zeros as encryption/padding.h says. There is no other checksum. Stateless; thread-safe.
#ifndef PARACLE_CACHECORE_SEALED_ENTRY_H_
#define PARACLE_CACHECORE_SEALED_ENTRY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/encryption/key_ring.h"
#include "cachecore/encryption/random.h"
#include "cachecore/entry.h"
#include "cachecore/entry_tag.h"
#include "cachecore/mark_table.h"
#include "cachecore/stored_entry.h"

namespace paracle::cachecore {

// As EncodeStoredEntry, for the entry of that tag. nullopt: there was no salt to be had, and it must not be stored.
std::optional<std::string> EncodeSealedEntry(const encryption::KeyRing& keys, encryption::RandomSource random,
                                             const EntrySpec& spec, const EntryTag& tag, MarkTable::Position begun,
                                             absl::Time now, const StoredEntryLimits& limits = {});

// As DecodeStoredEntry. FAILED_PRECONDITION: it is not sealed, or with a key that is not here. UNAUTHENTICATED: it was
// sealed as another entry, or changed. No other key is tried, and nothing comes out of what is not authentic. The entry
// takes the bytes and is opened where they stand.
absl::StatusOr<StoredEntry> DecodeSealedEntry(const encryption::KeyRing& keys, std::string bytes, const EntryTag& tag,
                                              const StoredEntryLimits& limits = {});

// As DecodeStoredHead, but for this: the head is authentic.
absl::StatusOr<StoredHead> DecodeSealedHead(const encryption::KeyRing& keys, absl::string_view beginning,
                                            const EntryTag& tag);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_SEALED_ENTRY_H_

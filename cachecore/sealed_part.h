// SealedPart is a part of a recording as it lies in the shared tier under keys (record_scripts.h): a text that opens
// only as that part of that recording.
//
//   id of the key, a text | salt, 32 bytes | AES-256-GCM of: length of the text, a varint | text | zeros
//
// with nonce 0 and the key
//
//   HKDF-Expand-SHA-256( the key of that id, "paracle-cache recording 1" | tag of question | lease | number | salt )
//
// where numbers are of 8 bytes, little-endian. So parts cannot change places, nor go into another recording. What is
// sealed together is 64, 128, 192... bytes, beyond 4 KiB as in an entry: short texts come one by one, and their sizes
// would tell what they are. Stateless; thread-safe.
#ifndef PARACLE_CACHECORE_SEALED_PART_H_
#define PARACLE_CACHECORE_SEALED_PART_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/encryption/key_ring.h"
#include "cachecore/encryption/random.h"
#include "cachecore/entry_tag.h"

namespace paracle::cachecore {

// Which part it is. Views must outlive the call only.
struct RecordingPart {
  absl::string_view ns;
  EntryTag tag;
  uint64_t lease = 0;
  uint64_t number = 0;  // 0: the content type; from 1 on: the chunks.
};

// nullopt: there is no randomness.
std::optional<std::string> EncodeSealedPart(const encryption::KeyRing& keys, encryption::RandomSource random,
                                            const RecordingPart& part, absl::string_view text);

// Errors as of DecodeSealedEntry.
absl::StatusOr<std::string> DecodeSealedPart(const encryption::KeyRing& keys, const RecordingPart& part,
                                             absl::string_view bytes);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_SEALED_PART_H_

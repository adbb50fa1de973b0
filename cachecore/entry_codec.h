// EntryCodec writes and reads the entries and recordings of the shared tier, in the clear or, with keys, sealed: the
// rest of the tier knows nothing of keys.
//
// With keys, what lies there in the clear is nothing: whoever can write to the shared tier could plant it, and it would
// be served as an answer. Without keys, a sealed entry is none either. Immutable; thread-safe.
#ifndef PARACLE_CACHECORE_ENTRY_CODEC_H_
#define PARACLE_CACHECORE_ENTRY_CODEC_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/encryption/key_ring.h"
#include "cachecore/encryption/random.h"
#include "cachecore/entry.h"
#include "cachecore/entry_tag.h"
#include "cachecore/mark_table.h"
#include "cachecore/sealed_part.h"
#include "cachecore/stored_entry.h"

namespace paracle::cachecore {

class EntryCodec {
 public:
  // In the clear.
  EntryCodec() = default;

  // Null: in the clear.
  explicit EntryCodec(std::shared_ptr<const encryption::KeyRing> keys,
                      encryption::RandomSource random = encryption::SystemRandom)
      : keys_(std::move(keys)), random_(random) {}

  // REQUIRES: tag is that of spec.id; the rest as EncodeStoredEntry. nullopt: there is no randomness, and nothing to be
  // stored.
  std::optional<std::string> Encode(const EntrySpec& spec, const EntryTag& tag, MarkTable::Position begun,
                                    absl::Time now) const;

  // What lay under the key of `tag`; the entry owns it. Errors as of DecodeStoredEntry and DecodeSealedEntry: all of them
  // are misses.
  absl::StatusOr<StoredEntry> Decode(std::string bytes, const EntryTag& tag) const;
  absl::StatusOr<StoredHead> DecodeHead(absl::string_view beginning, const EntryTag& tag) const;

  // A part of a recording: without keys, the text itself.
  std::optional<std::string> EncodePart(const RecordingPart& part, absl::string_view text) const;
  absl::StatusOr<std::string> DecodePart(const RecordingPart& part, absl::string_view bytes) const;

 private:
  std::shared_ptr<const encryption::KeyRing> keys_;
  encryption::RandomSource random_ = encryption::SystemRandom;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_ENTRY_CODEC_H_

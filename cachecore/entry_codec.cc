#include "cachecore/entry_codec.h"

#include "cachecore/sealed_entry.h"

namespace paracle::cachecore {

std::optional<std::string> EntryCodec::Encode(const EntrySpec& spec, const EntryTag& tag, MarkTable::Position begun,
                                              absl::Time now) const {
  if (keys_ == nullptr) return EncodeStoredEntry(spec, begun, now);
  return EncodeSealedEntry(*keys_, random_, spec, tag, begun, now);
}

absl::StatusOr<StoredEntry> EntryCodec::Decode(std::string bytes, const EntryTag& tag) const {
  if (keys_ != nullptr) return DecodeSealedEntry(*keys_, std::move(bytes), tag);
  absl::StatusOr<StoredEntry> entry = DecodeStoredEntry(bytes);
  if (entry.ok()) entry->head.bytes = std::move(bytes);  // Too long to lie in the string itself: the views stay good.
  return entry;
}

absl::StatusOr<StoredHead> EntryCodec::DecodeHead(absl::string_view beginning, const EntryTag& tag) const {
  return keys_ == nullptr ? DecodeStoredHead(beginning) : DecodeSealedHead(*keys_, beginning, tag);
}

std::optional<std::string> EntryCodec::EncodePart(const RecordingPart& part, absl::string_view text) const {
  return keys_ == nullptr ? std::string(text) : EncodeSealedPart(*keys_, random_, part, text);
}

absl::StatusOr<std::string> EntryCodec::DecodePart(const RecordingPart& part, absl::string_view bytes) const {
  return keys_ == nullptr ? std::string(bytes) : DecodeSealedPart(*keys_, part, bytes);
}

}  // namespace paracle::cachecore

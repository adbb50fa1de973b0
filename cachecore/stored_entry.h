// StoredEntry is the envelope in which an entry lies in the shared tier: everything about it, told by its own bytes.
//
// What is read back was perhaps written by another version, cut short, or swapped by somebody: the digest and namespace
// inside are compared with those asked for, every length is checked before it is believed, and whatever does not fit is
// a miss, never an error and never a crash. Here is the plain form; sealed_entry.h has the one under keys, and
// entry_codec.h decides between them. Stateless; thread-safe.
//
// Format 1. Numbers are little-endian; lengths and counts are varints (protobuf's, in their shortest spelling); a text
// is its length and its bytes. Nothing stands before, between or after.
//
//   "PRCL" | format, 1 byte | flags, 1 byte: bit 0 sealed | encryption header, a text: empty unless it is sealed
//   length of the head | head
//   codec, 1 byte: 0 as it is, 1 one zstd frame that tells its size | size of the payload before compression
//   stored bytes | XXH64 (seed 0) of everything before, 8 bytes
//
// The head: digest, 32 bytes | namespace, provider, model, content type: texts | number of tags, each a text |
// where the fill began: epoch, number, 8 bytes each | created, expires: ms since 1970, 8 bytes each | prompt tokens,
// completion tokens, 4 bytes each | cost in US dollars, a binary64 | latency in ns, 8 bytes.
// It stands before the payload, so that GETRANGE of the first kStoredHeadBytes shows what reclaiming must know.
//
// A reader refuses other flags as it refuses another format, unread. That is a miss, like everything that is refused.
#ifndef PARACLE_CACHECORE_STORED_ENTRY_H_
#define PARACLE_CACHECORE_STORED_ENTRY_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/entry.h"
#include "cachecore/mark_table.h"

namespace paracle::cachecore {

// What stands before the payload. Views point into the bytes that were read, or into `bytes`.
struct StoredHead {
  Digest digest;
  absl::string_view ns;
  absl::string_view provider;
  absl::string_view model;
  absl::string_view content_type;
  std::vector<std::string> tags;
  MarkTable::Position begun;  // Of the fill.
  absl::Time create_time;     // To the millisecond.
  absl::Time expire_time;
  Origin origin;
  std::string bytes;  // What the views point into, where this owns it: what was sealed, and is open now. Else empty.
};

struct StoredEntry {
  StoredHead head;
  std::unique_ptr<char[]> decompressed;  // nullptr when the payload was stored as it is.
  absl::string_view payload;             // Into `decompressed`, `head.bytes`, or the bytes that were read.
};

struct StoredEntryLimits {
  size_t compress_from = 1024;      // Smaller payloads are stored as they are.
  double least_saving = 0.10;       // So are those that zstd shrinks by less.
  size_t max_payload = 1ull << 30;  // A larger announced size is not believed.
};

// How much of an entry to read to see its head; heads that are longer (many tags) are told by their own length.
inline constexpr size_t kStoredHeadBytes = 4096;

// `spec.create_time` or `now` begins its life, which ends spec.ttl later (at most 730 days); spec.fill_token is not
// read. One allocation; times are kept to the millisecond, latency up to 365 days.
// REQUIRES: the namespace is not empty; namespace, names and tags are within the limits that the service has checked.
std::string EncodeStoredEntry(const EntrySpec& spec, MarkTable::Position begun, absl::Time now,
                              const StoredEntryLimits& limits = {});

// Not OK: not an entry of ours, or damaged (DATA_LOSS); of a format that is not known (UNIMPLEMENTED); larger than the
// limit, or than memory (RESOURCE_EXHAUSTED). Whether it is the entry that was asked for, has expired, and is valid, is
// the caller's business. No more is allocated than the stored bytes can really hold.
absl::StatusOr<StoredEntry> DecodeStoredEntry(absl::string_view bytes, const StoredEntryLimits& limits = {});

// The same for the beginning of an entry (or all of it). OUT_OF_RANGE: the head is longer; read the entry. A head has
// no checksum of its own: what may be done because of it is deleting the entry, after comparing digest and namespace.
absl::StatusOr<StoredHead> DecodeStoredHead(absl::string_view beginning);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_STORED_ENTRY_H_

// StoredEntry is the envelope in which an entry lies in the shared tier: everything about it, told by its own bytes.
//
// What is read back was perhaps written by another version, cut short, or swapped by somebody: the digest and namespace
// inside are compared with those asked for, every length is checked before it is believed, and whatever does not fit is
// a miss, never an error and never a crash. Stateless; thread-safe.
//
// Format 1; numbers are little-endian, lengths are varints (protobuf's). A reader refuses formats that it does not
// know.
//
//   magic "PRCL" | format (1 byte) | flags (1 byte: bit 0 encrypted, never set yet) | length of the encryption header
//   (varint; 0) and its bytes | length of the head (varint) | head | codec (1 byte: 0 as it is, 1 zstd) | payload size
//   before compression (varint) | stored bytes | XXH64 or CRC-32C of everything before (see the .cc), 8 bytes
//
// The head is a run of fields in a fixed order: digest, namespace, provider, model, content type, tags, position of the
// fill (epoch, number), created and expires (unix ms), prompt tokens, completion tokens, cost, latency. It stands
// before the payload, so that GETRANGE of the first kHeadBytes shows what reclaiming must know.
#ifndef PARACLE_CACHECORE_STORED_ENTRY_H_
#define PARACLE_CACHECORE_STORED_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/entry.h"
#include "cachecore/mark_table.h"

namespace paracle::cachecore {

// What stands before the payload. Views point into the bytes that were read.
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
};

struct StoredEntry {
  StoredHead head;
  std::string decompressed;   // Empty when the payload was stored as it is.
  absl::string_view payload;  // Into `decompressed`, or into the bytes that were read.
};

struct StoredEntryLimits {
  size_t compress_from = 1024;      // Smaller payloads are stored as they are.
  double least_saving = 0.10;       // So are those that zstd shrinks by less.
  size_t max_payload = 1ull << 30;  // A larger announced size is not believed.
};

// How much of an entry to read to see its head; heads that are longer (many tags) are told by their own length.
inline constexpr size_t kStoredHeadBytes = 4096;

// `spec.create_time` or `now` begins its life; spec.fill_token is not read. Payload, namespace, names and tags are
// within the limits that the service has checked.
std::string EncodeStoredEntry(const EntrySpec& spec, MarkTable::Position begun, absl::Time now,
                              const StoredEntryLimits& limits = {});

// Not OK: not an entry of ours, or damaged (DATA_LOSS); of a format that is not known (UNIMPLEMENTED); larger than the
// limit (RESOURCE_EXHAUSTED). Whether it has expired, and is valid, is the caller's business.
absl::StatusOr<StoredEntry> DecodeStoredEntry(absl::string_view bytes, const StoredEntryLimits& limits = {});

// The same for the beginning of an entry, which is not checked for damage. OUT_OF_RANGE: the head is longer.
absl::StatusOr<StoredHead> DecodeStoredHead(absl::string_view beginning);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_STORED_ENTRY_H_

// RecordScripts keep an answer in Redis while it is being recorded, so that readers at other replicas can follow it:
// a list at the key of its question, under the lease that records it. Its first element is "<lease> <content type>",
// the others are the chunks; with keys, content type and chunks are sealed (sealed_part.h). It goes when the lease is
// filled or released (lease_scripts.h), or by a time to live.
//
// New chunks are told on the channel of leases. Stateless; thread-safe. Replies are outside data.
#ifndef PARACLE_CACHECORE_RECORD_SCRIPTS_H_
#define PARACLE_CACHECORE_RECORD_SCRIPTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cachecore/entry_codec.h"
#include "cachecore/mark_table.h"
#include "cachecore/recording.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_keys.h"

namespace paracle::cachecore {

// A stretch of a recording. Views must outlive the call only.
struct RecordingStretch {
  bool begins = false;  // What another left is dropped.
  absl::string_view content_type = {};  // Of one that begins.
  size_t from = 0;                      // The number of its first chunk.
  absl::Span<const Chunk> chunks = {};  // Perhaps none.
};

// Adds of the chunks those that are not there yet, if `lease` holds the lease: doing it again does no harm. False: it
// does not, and nothing was changed. OUT_OF_RANGE: the recording there is not that long, or not there.
void AppendRecording(redis::Client& client, const RedisKeys& keys, const EntryCodec& codec, const EntryId& id,
                     uint64_t lease, const RecordingStretch& stretch,
                     absl::AnyInvocable<void(absl::StatusOr<bool>) &&> done);

// What is known of a question's lease and its recording.
struct RecordingTail {
  enum class Lease { kFree, kHeld, kFilled };
  Lease state = Lease::kFree;
  uint64_t lease = 0;  // That holds or filled it.
  MarkTable::Position begun;
  bool recorded = false;  // By that lease, and with keys that are here.
  std::string content_type;
  std::vector<std::string> chunks;  // From the asked one on; a bounded number.
};
// `codec` must outlive the answer. DATA_LOSS, too: a chunk is not what was recorded there.
void ReadRecording(redis::Client& client, const RedisKeys& keys, const EntryCodec& codec, const EntryId& id,
                   size_t from_chunk, absl::AnyInvocable<void(absl::StatusOr<RecordingTail>) &&> done);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECORD_SCRIPTS_H_

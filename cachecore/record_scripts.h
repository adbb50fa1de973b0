// RecordScripts keep an answer in Redis while it is being recorded, so that readers at other replicas can follow it:
// a list at the key of its question, under the lease that records it. Its first element is "<lease> <content type>",
// the others are the chunks. It goes when the lease is filled or released (lease_scripts.h), or by a time to live.
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
#include "cachecore/mark_table.h"
#include "cachecore/recording.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_keys.h"

namespace paracle::cachecore {

// Adds chunks, perhaps none, if `lease` holds the lease. False: it does not, and nothing was changed. `first`: a
// recording begins; what another left is dropped.
void AppendRecording(redis::Client& client, const RedisKeys& keys, const EntryId& id, uint64_t lease, bool first,
                     absl::string_view content_type, absl::Span<const Chunk> chunks,
                     absl::AnyInvocable<void(absl::StatusOr<bool>) &&> done);

// What is known of a question's lease and its recording.
struct RecordingTail {
  enum class Lease { kFree, kHeld, kFilled };
  Lease state = Lease::kFree;
  uint64_t lease = 0;  // That holds or filled it.
  MarkTable::Position begun;
  bool recorded = false;  // By that lease.
  std::string content_type;
  std::vector<std::string> chunks;  // From the asked one on; a bounded number.
};
void ReadRecording(redis::Client& client, const RedisKeys& keys, const EntryId& id, size_t from_chunk,
                   absl::AnyInvocable<void(absl::StatusOr<RecordingTail>) &&> done);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECORD_SCRIPTS_H_

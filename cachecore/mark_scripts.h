// MarkScripts are the only two ways in which the shared sequence of invalidations is read and changed: fixed Lua texts
// that Redis runs one at a time.
//
// Kept in Redis: a hash {epoch, history, seq, floor, count}, a sorted set of mark names by their numbers, and for each
// hour in which marks were left the last number of that hour, so that marks go when nothing they concern can be alive.
//
// A history ends, and a new epoch with nothing in it begins, when Redis's own (master_replid) has changed, which every
// restart and every failover does; when the marks are not all there; when a caller knows more of the epoch than Redis;
// or when it has another key of names (name_hash.h) than the caller before. A number is never given twice, also not after
// that: callers say how far they know, and it goes on above.
//
// Stateless; thread-safe. Replies are outside data: what does not look as it should is an error.
#ifndef PARACLE_CACHECORE_MARK_SCRIPTS_H_
#define PARACLE_CACHECORE_MARK_SCRIPTS_H_

#include <cstddef>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/mark_table.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_keys.h"

namespace paracle::cachecore {

struct MarkLimits {
  size_t max_marks = 65'536;                      // Beyond, the oldest quarter goes.
  absl::Duration max_age = absl::Hours(24 * 31);  // Longer than any entry lives.
  size_t max_page = 1000;                         // Marks in one answer to a caller of the same epoch.
};

// What a script answered.
struct MarkAnswer {
  MarkPage page;
  bool complete = false;  // The page goes up to the newest mark there is.
};

using MarkDone = absl::AnyInvocable<void(absl::StatusOr<MarkAnswer>) &&>;

// Every mark after `known`. One for a caller of another epoch has all there are.
void ReadMarks(redis::Client& client, const RedisKeys& keys, const MarkLimits& limits, MarkTable::Position known,
               absl::Duration timeout, MarkDone done);

// Leaves a mark on `name` and tells the channel. The answer is always complete: the mark itself is in it.
void AddMark(redis::Client& client, const RedisKeys& keys, const MarkLimits& limits, const MarkName& name,
             MarkTable::Position known, absl::Duration timeout, MarkDone done);

// What the channel says of a new mark: a page of one. nullopt: nothing of ours.
std::optional<MarkPage> ParseMarkMessage(absl::string_view message);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MARK_SCRIPTS_H_

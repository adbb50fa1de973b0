// LeaseScripts are the only ways in which a lease in Redis is read and changed: fixed Lua texts that Redis runs one at
// a time, each on the entry and the lease of one question, which share a slot.
//
// The lease's key holds either "h <lease> <epoch> <number> <ms>": held by that lease, begun at that number of that
// epoch, given at that time of Redis's clock; its time to live is the hold. Or "f <lease>": filled by it a moment ago,
// kept so that the same fill again is told from one that comes late. No key: free.
//
// What becomes of a lease is told on the channel, so that replicas with waiting calls need not ask all the time.
// Stateless; thread-safe. Replies are outside data: what does not look as it should is an error.
#ifndef PARACLE_CACHECORE_LEASE_SCRIPTS_H_
#define PARACLE_CACHECORE_LEASE_SCRIPTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/entry_tag.h"
#include "cachecore/mark_table.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_keys.h"

namespace paracle::cachecore {

// A lease asked for. Views must outlive the call only.
struct LeaseQuery {
  EntryId id;
  uint64_t lease = 0;
  MarkTable::Position begun;
  absl::Duration hold;
  absl::string_view unusable_entry;  // How the entry there begins that was found to be no answer; empty: none was.
  absl::string_view dead_lease;      // The text of a lease that counts as free; empty: none does.
};

// What came of it.
struct LeaseAnswer {
  enum class Kind {
    kGiven,
    kHeld,   // By somebody else: `lease_text`, `begun` and `left`.
    kEntry,  // There is an entry, which begins with `entry_beginning`.
  };
  Kind kind = Kind::kGiven;
  std::string lease_text;
  MarkTable::Position begun;
  absl::Duration left;
  std::string entry_beginning;
};
void AcquireLease(redis::Client& client, const RedisKeys& keys, const LeaseQuery& query,
                  absl::AnyInvocable<void(absl::StatusOr<LeaseAnswer>) &&> done);

// Stores an entry if the lease is held, or was filled, by `lease`. False: it is not, and nothing was changed.
void FillLease(redis::Client& client, const RedisKeys& keys, const EntryId& id, uint64_t lease, absl::string_view entry,
               absl::Duration ttl, absl::Duration timeout, absl::AnyInvocable<void(absl::StatusOr<bool>) &&> done);

// Holds the lease for `hold` from now, but no longer than `max_hold` since it was given: how long it holds now. Zero:
// it is not held by `lease` any more.
void RenewLease(redis::Client& client, const RedisKeys& keys, const EntryId& id, uint64_t lease, absl::Duration hold,
                absl::Duration max_hold, absl::AnyInvocable<void(absl::StatusOr<absl::Duration>) &&> done);

// Gives the lease back, if `lease` holds it.
void ReleaseLease(redis::Client& client, const RedisKeys& keys, const EntryId& id, uint64_t lease,
                  absl::AnyInvocable<void(absl::Status) &&> done);

// What the channel says of a lease.
struct LeaseMessage {
  enum class What { kFilled, kReleased, kRenewed, kRecorded };
  What what = What::kFilled;
  EntryTag tag;
  uint64_t lease = 0;
  absl::Duration left;  // Of a renewed one.
};
// nullopt: nothing of ours.
std::optional<LeaseMessage> ParseLeaseMessage(absl::string_view message);

// The same the other way round. That a lease was renewed ends with a blank, behind which the script says how much is
// left.
std::string LeaseMessageText(LeaseMessage::What what, const EntryTag& tag, uint64_t lease);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_LEASE_SCRIPTS_H_

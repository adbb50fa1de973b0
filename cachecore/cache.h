// Cache is what every tier, and every stack of tiers, offers to the service.
//
// Calls never block on I/O: each takes a callback, run exactly once, perhaps before the call returns (the memory tier
// always does) and perhaps on another thread. Thread-safe. A callback may call the cache again.
//
// Validity (P3): every invalidation takes the next number of a sequence, and a Miss tells the number at which its fill
// begins. An answer whose fill began before an invalidation that concerns it is refused by Set and never returned by
// Get, whatever the order in which the two arrive.
#ifndef PARACLE_CACHECORE_CACHE_H_
#define PARACLE_CACHECORE_CACHE_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cachecore/digest.h"
#include "cachecore/entry.h"

namespace paracle::cachecore {

enum class Tier { kMemory, kShared };

struct Hit {
  EntryHandle entry;       // Never null, never expired, never invalidated.
  uint32_t hit_count = 0;  // This hit included.
  Tier tier = Tier::kMemory;
  bool degraded = false;  // The shared tier could not be asked.
};

struct Miss {
  FillToken fill_token;
};

using GetOutcome = std::variant<Hit, Miss>;

struct SetOutcome {
  absl::Time expire_time;
  bool stored_in_memory = false;
  bool stored_in_shared = false;
};

// What to forget, in one namespace.
struct InvalidationTarget {
  enum class Kind { kDigest, kTag, kModel, kNamespace };

  std::string ns;
  Kind kind = Kind::kNamespace;
  Digest digest;      // For kDigest.
  std::string value;  // For kTag and kModel.
};

struct InvalidateOutcome {
  int64_t removed = 0;
  bool estimated = false;
};

// What the memory tier holds now. A limit of 0 is no limit.
struct Usage {
  int64_t entries = 0;
  int64_t max_entries = 0;
  int64_t bytes = 0;
  int64_t max_bytes = 0;
};

class Cache {
 public:
  using GetDone = absl::AnyInvocable<void(GetOutcome) &&>;
  using SetDone = absl::AnyInvocable<void(absl::StatusOr<SetOutcome>) &&>;
  using InvalidateDone = absl::AnyInvocable<void(absl::StatusOr<InvalidateOutcome>) &&>;

  virtual ~Cache() = default;

  // A tier that cannot answer counts as a miss there: Get has no error. `id.ns` must outlive the call only.
  // After `deadline` the answer is of no use to the caller.
  virtual void Get(const EntryId& id, absl::Time deadline, GetDone done) = 0;

  // FAILED_PRECONDITION with reason STALE_FILL_TOKEN: the question was invalidated after the fill began.
  // OK with nothing stored: no tier could hold the entry within its limits.
  // `spec` must outlive the call only.
  virtual void Set(const EntrySpec& spec, absl::Time deadline, SetDone done) = 0;

  // When `done` runs with OK, no later Get returns what `target` names. With `dry_run`, only counts.
  virtual void Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) = 0;

  virtual Usage GetUsage() const = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_CACHE_H_

// What is said of leases: who may make the model call that answers a question, and who waits for it.
#ifndef PARACLE_CACHECORE_LEASE_H_
#define PARACLE_CACHECORE_LEASE_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "cachecore/cache.h"
#include "cachecore/entry_tag.h"

namespace paracle::cachecore {

// The caller is the one to make the model call.
struct Lease {
  FillToken token;
  absl::Duration hold;  // From now, unless it is renewed.
};

// Somebody else is at it.
struct Pending {
  absl::Time expire_time;      // When the present lease ends if it is not renewed, as far as is known here.
  absl::Duration retry_after;  // Ask again then.
};

// A Miss: make the call, and hold no lease for it.
using LeaseOutcome = std::variant<Hit, Miss, Lease, Pending>;

// A lookup that asks for a lease: one call from when it comes until it is answered, and perhaps waiting in between.
class LeaseCall {
 public:
  virtual ~LeaseCall() = default;

  // Called once, from any thread; the call may be gone when it returns.
  virtual void Answer(LeaseOutcome outcome) = 0;

  // Whether the caller has gone away. Whoever makes it true tells LeasedCache::Cancel afterwards.
  virtual bool cancelled() const = 0;

  std::string ns;
  Digest digest;
  std::string model;       // May be empty.
  std::string holder;      // Who asks: leases held by one are capped.
  absl::Time deadline;     // The call's own.
  absl::Duration hold;     // > 0, already cut to the cap.
  absl::Duration wait;     // 0: do not wait.
  bool has_waited = false;  // In this call, or, as its caller says, before.

  EntryId id() const { return {.ns = ns, .digest = digest}; }

 private:
  friend class LeaseTable;
  friend class LeasedCache;
  friend class LeaseCallAccess;  // For tests of the table alone.

  EntryTag tag_;
  uint64_t version_ = 0;     // Of its question, before the last lookup.
  int64_t until_nanos_ = 0;  // How long it may wait.
  int64_t held_until_ = 0;   // The lease that it waits for, as far as is known.
  bool asks_for_all_ = false;      // It has been taken out of the line to ask again on behalf of the line.
  bool takes_a_miss_ = false;      // The answer was not kept: no use in waiting for it.
  uint64_t awaits_ = 0;            // The lease given here that was valid when the call began to wait for it.
  int rounds_ = 0;                 // Lookups so far.
  std::string unusable_entry_;     // How the entry begins that the shared tier has and that is no answer.
  std::string dead_lease_;         // What the shared tier has as a lease that an invalidation has ended.
  LeaseCall* next_ = nullptr;      // In the line of its question. Of LeaseTable.
  LeaseCall* previous_ = nullptr;
  bool waiting_ = false;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_LEASE_H_

// LeaseObserver is told what becomes of the leases of all questions, as far as this server learns of it.
#ifndef PARACLE_CACHECORE_LEASE_OBSERVER_H_
#define PARACLE_CACHECORE_LEASE_OBSERVER_H_

#include <cstdint>

#include "cachecore/entry_tag.h"

namespace paracle::cachecore {

// From any thread, never under a lock. What was lost on its way is not told.
class LeaseObserver {
 public:
  virtual ~LeaseObserver() = default;

  // An answer was stored; `lease` is 0 when it was without one.
  virtual void OnFilled(const EntryTag& tag, uint64_t lease) = 0;

  // A lease is over without an answer.
  virtual void OnLeaseEnded(const EntryTag& tag, uint64_t lease) = 0;

  // Another server has recorded more of an answer.
  virtual void OnRecordedElsewhere(const EntryTag& tag, uint64_t lease) = 0;

  // Nobody is to wait here any more.
  virtual void OnClosing() = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_LEASE_OBSERVER_H_

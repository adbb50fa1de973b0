// DisabledCache stands where a cache would, when PARACLE_CACHE_ENABLED=false: every Get misses, every Set is accepted
// and dropped, every Invalidate removes nothing. Thread-safe; keeps nothing, counts nothing.
#ifndef PARACLE_CACHECORE_DISABLED_CACHE_H_
#define PARACLE_CACHECORE_DISABLED_CACHE_H_

#include "cachecore/cache.h"

namespace paracle::cachecore {

class DisabledCache final : public Cache {
 public:
  void Get(const EntryId& id, absl::Time deadline, GetDone done) override;
  void Set(const EntrySpec& spec, absl::Time deadline, SetDone done) override;
  void Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) override;
  Usage GetUsage() const override;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_DISABLED_CACHE_H_

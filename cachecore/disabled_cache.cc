#include "cachecore/disabled_cache.h"

#include <utility>

namespace paracle::cachecore {

void DisabledCache::Get(const EntryId& id, absl::Time deadline, GetDone done) { std::move(done)(Miss{}); }

void DisabledCache::Set(const EntrySpec& spec, absl::Time deadline, SetDone done) { std::move(done)(SetOutcome{}); }

void DisabledCache::Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) {
  std::move(done)(InvalidateOutcome{});
}

Usage DisabledCache::GetUsage() const { return {}; }

}  // namespace paracle::cachecore

// ColdEntries are stored, invalidated when Redis is about to forget that, and asked for by a server that has started
// since: it knows no more than Redis does. Not thread-safe.
#ifndef PARACLE_TESTS_DRILLS_COLD_ENTRIES_H_
#define PARACLE_TESTS_DRILLS_COLD_ENTRIES_H_

#include <cstdint>
#include <deque>

#include "absl/time/time.h"
#include "tests/drills/cache_server.h"
#include "tests/drills/replica_client.h"
#include "tests/drills/tracked_entry.h"

namespace paracle::drills {

class ColdEntries {
 public:
  ColdEntries();

  void Store(const CacheServer& server);
  void Invalidate(const CacheServer& server);
  // Waits until the last Invalidate is as long ago as it may take to be seen.
  void Ask(const CacheServer& newcomer);

  int64_t acknowledged() const { return acknowledged_; }  // Of the Invalidates.
  const ReplicaCounts& counts() const { return counts_; }

 private:
  std::deque<TrackedEntry> entries_;
  int64_t acknowledged_ = 0;
  absl::Time last_acknowledged_ = absl::InfinitePast();
  ReplicaCounts counts_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_COLD_ENTRIES_H_

// InvalidationLoad invalidates tracked entries through several servers, and reads and fills them on all of them, until
// it is ended: what is served although it must not be any more is counted, whatever happens to Redis meanwhile.
//
// Not thread-safe.
#ifndef PARACLE_TESTS_DRILLS_INVALIDATION_LOAD_H_
#define PARACLE_TESTS_DRILLS_INVALIDATION_LOAD_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "tests/drills/replica_client.h"
#include "tests/drills/topology_traffic.h"
#include "tests/drills/tracked_entry.h"

namespace paracle::drills {

class InvalidationLoad {
 public:
  // Begins. The servers must outlive it.
  explicit InvalidationLoad(const CacheServers& servers);
  ~InvalidationLoad();
  InvalidationLoad(const InvalidationLoad&) = delete;
  InvalidationLoad& operator=(const InvalidationLoad&) = delete;

  // Ends when whatever was invalidated last has stayed away beyond the hard bound, too. Call once.
  struct Counts {
    ReplicaCounts calls;
    int64_t acknowledged = 0;
    int64_t late_fills = 0;  // Begun before an Invalidate that was acknowledged, stored after it.
  };
  Counts End();

 private:
  void Read(ReplicaClient* client, uint64_t seed);
  void Invalidate(uint64_t seed);
  void InvalidateOne(TrackedEntry& entry, ReplicaClient& client);

  std::deque<TrackedEntry> entries_;
  std::deque<ReplicaClient> readers_;
  std::deque<ReplicaClient> writers_;  // Of the thread that invalidates: one for each server.
  Counts counts_;                      // Of that thread, too.
  std::atomic<bool> invalidating_ = true;
  std::atomic<bool> reading_ = true;
  std::vector<std::thread> threads_;  // The first invalidates.
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_INVALIDATION_LOAD_H_

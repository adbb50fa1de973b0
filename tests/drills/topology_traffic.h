// TopologyTraffic is what agents do to several servers with one Redis behind: at a steady rate they look entries up,
// store what was missing, and some of what was not anew. Every call is logged.
//
// Not thread-safe, but for its own callers.
#ifndef PARACLE_TESTS_DRILLS_TOPOLOGY_TRAFFIC_H_
#define PARACLE_TESTS_DRILLS_TOPOLOGY_TRAFFIC_H_

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "tests/drills/cache_server.h"
#include "tests/drills/call_log.h"
#include "tests/drills/entry_pool.h"

namespace paracle::drills {

using CacheServers = std::vector<std::unique_ptr<CacheServer>>;

struct TopologyTrafficOptions {
  int callers_each = 6;            // Of a server.
  double gets_per_second = 1'000;  // Of all together.
  double replace_share = 0.1;      // Of Gets that hit: the entry is stored anew.
};

class TopologyTraffic {
 public:
  // Connects, and begins. Servers and pool must outlive it.
  TopologyTraffic(const CacheServers& servers, EntryPool* pool, const TopologyTrafficOptions& options);
  ~TopologyTraffic();
  TopologyTraffic(const TopologyTraffic&) = delete;
  TopologyTraffic& operator=(const TopologyTraffic&) = delete;

  const CallLog& log() const { return log_; }
  int servers() const { return servers_; }

  // Ends the callers and waits for them.
  void End();

 private:
  class Caller;

  const TopologyTrafficOptions options_;
  const int servers_;
  EntryPool& pool_;
  CallLog log_;
  std::atomic<bool> stopping_ = false;
  std::deque<Caller> callers_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_TOPOLOGY_TRAFFIC_H_

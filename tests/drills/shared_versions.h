// SharedVersions knows where the entries of a pool lie in Redis, and reads which version of them a server of it has,
// past every cache server.
#ifndef PARACLE_TESTS_DRILLS_SHARED_VERSIONS_H_
#define PARACLE_TESTS_DRILLS_SHARED_VERSIONS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/drills/call_log.h"
#include "tests/drills/entry_pool.h"
#include "tests/drills/topology.h"

namespace paracle::drills {

class SharedVersions {
 public:
  // Both must outlive it.
  SharedVersions(const EntryPool& pool, Topology* topology);

  // Which of the entries belong to slots with `true`.
  std::vector<bool> InSlots(const std::vector<bool>& slots) const;

  // Of all Sets of these entries that Redis had acknowledged when the call began: the last one of each entry, and
  // whether this server has neither it nor one that was not over before it began.
  struct Acknowledged {
    int64_t entries = 0;
    int64_t missing = 0;
  };
  Acknowledged Look(const CallLog& log, const std::vector<bool>& entries, int server) const;

 private:
  // By entry; 0: it has none that is whole.
  std::map<int, uint64_t> Read(const std::map<int, LoggedSet>& wanted, int server) const;
  uint64_t VersionIn(int entry, const std::string& value) const;

  const EntryPool& pool_;
  Topology& topology_;
  std::vector<std::string> keys_;
  std::vector<int> slots_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_SHARED_VERSIONS_H_

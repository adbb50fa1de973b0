// A row of the drill of topologies: what one fault did to the calls that were made before, during and after it.
#ifndef PARACLE_TESTS_DRILLS_TOPOLOGY_ROW_H_
#define PARACLE_TESTS_DRILLS_TOPOLOGY_ROW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/drills/call_log.h"
#include "tests/drills/drill.h"
#include "tests/drills/latencies.h"
#include "tests/drills/shared_versions.h"

namespace paracle::drills {

// The fault, as the drill made it.
struct TopologyFault {
  enum class Loss { kNone, kSome, kMust };
  std::string where;  // "cluster redis"
  std::string name;   // "kill -9"
  absl::Time begin;
  absl::Time end = absl::InfiniteFuture();         // The new primary is up, or all slots have moved.
  std::vector<bool> concerned;                     // Of the entries: their primary dies, or their slot moves.
  bool marks_too = false;                          // So does that of the marks: a new history, nothing old counts.
  Loss loss = Loss::kSome;                         // Of what Redis had acknowledged; kMust: or nothing was tried.
  SharedVersions::Acknowledged acknowledged = {};  // Once it is over.
  bool well_again = false;                         // In the end every process ran and they agreed.
};

struct TopologyBounds {
  double gets_per_second;
  absl::Duration back;     // From the end of the fault until Redis answers Gets for what was concerned.
  absl::Duration latency;  // Of 99 % of the Gets during the fault.
  double living_share;     // Of the Gets for what is not concerned that memory does not answer: Redis does.
};

// Gets that were made during the fault.
struct TopologyGets {
  Latencies latencies;
  int64_t shared = 0;
  int64_t misses = 0;

  // Of what memory does not answer; 1 when that is nothing.
  double SharedShare() const;
};

struct TopologyRow {
  int64_t gets = 0;  // From the begin of the log to its end, as are the next.
  int64_t failed = 0;
  int64_t wrong = 0;
  int64_t sets = 0;
  int64_t sets_failed = 0;
  double seconds = 0;
  TopologyGets concerned;
  TopologyGets living;
  absl::Duration back = absl::InfiniteDuration();  // On the last of the servers.
};

// From the end of the fault until Redis had answered a Get for a concerned entry, begun after it, on every server.
// Infinite: not yet. Of the Gets from number `first` of the log on.
absl::Duration BackAfter(const TopologyFault& fault, const CallLog& log, int servers, size_t first = 0);

TopologyRow RowOf(const TopologyFault& fault, const CallLog& log, int servers);

void PrintTopologyHead();
void PrintTopologyBounds(const TopologyBounds& bounds);
void Print(const TopologyFault& fault, const TopologyRow& row);
void Judge(const TopologyFault& fault, const TopologyRow& row, const std::string& first_failure,
           const TopologyBounds& bounds, Verdict* verdict);

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_TOPOLOGY_ROW_H_

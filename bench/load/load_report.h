// LoadReport is what a load test saw, and the two ways to print it.
#ifndef PARACLE_BENCH_LOAD_LOAD_REPORT_H_
#define PARACLE_BENCH_LOAD_LOAD_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bench/load/histogram.h"
#include "bench/load/load_options.h"
#include "bench/load/threshold.h"

namespace paracle::load {

struct LoadReport {
  LoadOptions options;  // As run: the namespace filled in, defaults resolved.
  absl::Time start_time;
  absl::Duration elapsed;  // Of the measured part, warm-up and preparation apart.

  // Operations of the measured part that ended, well or not. A batch is one; so is a Get and Set of kMissPath.
  int64_t requests = 0;
  int64_t errors = 0;   // Of these, those that ended with another status than OK.
  int64_t unsent = 0;   // Open loop: due within the time but never sent, since all calls in flight were taken.
  int64_t entries = 0;  // Entries looked up or stored; more than requests only in batches.
  int64_t hits = 0;
  int64_t misses = 0;
  int64_t sets = 0;
  int64_t lost = 0;          // Misses of keys that the test had stored: evicted, or never kept.
  int64_t wrong = 0;         // Hits whose payload is not what was stored under that key. Must be 0.
  int64_t entry_errors = 0;  // Entries of batches that failed on their own, or were too large for the answer.

  int64_t bytes_sent = 0;  // On the wire, HTTP/2 and TLS apart from the payloads included.
  int64_t bytes_received = 0;
  int64_t reconnects = 0;

  std::map<std::string, int64_t> statuses;        // By gRPC status name, OK included.
  std::map<std::string, int64_t> error_messages;  // At most 20 distinct texts; what is beyond counts as "other errors".

  // From when the operation was due (open loop) or sent (closed loop) to its end. Only operations that ended OK.
  LatencyHistogram latency;
  LatencyHistogram get_latency;  // With kMissPath: of its Gets.
  LatencyHistogram set_latency;

  absl::Duration generator_cpu;  // CPU time that the generator itself used in the measured part.

  bool interrupted = false;  // Stopped by the caller; everything above counts what was seen until then.
  std::string aborted;       // Why the test gave up early; empty: it did not.
  std::string left_behind;   // Why the namespace could not be cleared; empty: it was.
  std::vector<ThresholdResult> thresholds;

  double requests_per_second() const;
  std::optional<double> hit_ratio() const;   // Absent while nothing was looked up.
  std::optional<double> error_rate() const;  // (errors + unsent) / (requests + unsent); absent while nothing was sent.
  bool thresholds_met() const;

  // What a command should exit with: 130 interrupted, 99 a threshold missed, 2 gave up without a connection, 3 wrong
  // answers or nothing but errors, else 0.
  int ExitCode() const;
};

// Several lines for people, each ended by a newline.
std::string ReportText(const LoadReport& report);

// One JSON object (schema_version 1), pretty-printed, ended by a newline. Units are in the names, counters are
// integers, times RFC 3339; a figure that is not known is null.
std::string ReportJson(const LoadReport& report);

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_LOAD_REPORT_H_

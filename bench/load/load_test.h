// The load engine: drives a Paracle Cache server over gRPC and measures what its callers would see.
//
// One thread and a lean HTTP/2 client of its own (docs/adr/0006-load-generator.md), so that the generator costs less
// CPU per call than the server. Every payload proves which key it belongs to: a mixed-up answer is counted as `wrong`.
//
//   LoadOptions options;
//   options.duration = absl::Seconds(10);
//   absl::StatusOr<LoadReport> report = RunLoadTest(options, {});
//   if (report.ok()) std::cout << ReportText(*report);
#ifndef PARACLE_BENCH_LOAD_LOAD_TEST_H_
#define PARACLE_BENCH_LOAD_LOAD_TEST_H_

#include <atomic>
#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/load_options.h"
#include "bench/load/load_report.h"

namespace paracle::load {

struct LoadProgress {
  enum class Phase { kPreparing, kWarmingUp, kMeasuring, kCleaningUp };
  Phase phase = Phase::kPreparing;
  double fraction = 0;  // Of this phase, 0 to 1.
  int64_t requests = 0;
  int64_t errors = 0;
  absl::Duration elapsed = absl::ZeroDuration();  // Of this phase.
};

// How a caller follows and stops a test.
struct LoadControl {
  // Called about ten times a second and at each change of phase, on the thread of RunLoadTest. May be empty.
  std::function<void(const LoadProgress&)> progress;
  // Set it (from a signal handler, if you like) to stop early: the report then holds what was seen until then. May be
  // null; must outlive the call.
  const std::atomic<bool>* stop = nullptr;
};

// Runs the test and blocks until it is over, a little longer than what the options say: storing the keys before and
// clearing the namespace after. Never hangs: calls have deadlines, and a server that is gone ends the test. Errors of
// single calls are figures of the report; the Status is not OK only when there is nothing to report:
//   INVALID_ARGUMENT: options.Validate() failed, or a certificate file cannot be used.
//   UNAVAILABLE: no connection, or what listens there does not speak gRPC.
//   CANCELLED: stopped before anything was measured (what was stored has been cleared).
//   FAILED_PRECONDITION: options.name_space is not empty on the server.
//   anything else: the status with which the server refused the preparation.
// Signals: SIGPIPE is never raised. Any number of tests may run at once, in threads of their own.
absl::StatusOr<LoadReport> RunLoadTest(const LoadOptions& options, const LoadControl& control);

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_LOAD_TEST_H_

#include "bench/load/load_test.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/load/engine.h"
#include "bench/load/workloads.h"
#include "paracle/cache/v1/admin.pb.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::load {
namespace {

namespace v1 = paracle::cache::v1;

// What a test that is killed leaves behind goes by itself after this, on top of the test's own length.
constexpr absl::Duration kSpareTtl = absl::Hours(1);
constexpr absl::Duration kCleanUpTimeout = absl::Seconds(5);
constexpr int64_t kDefaultRequests = 10'000;

// Settings of the calling thread for as long as it lives: OpenSSL writes to sockets without MSG_NOSIGNAL, and the
// kernel rounds sleeps up by 50 us unless told otherwise, which an open loop would count as the server's.
class ThreadSettings {
 public:
  ThreadSettings() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &signals_before_);
    slack_before_ = prctl(PR_GET_TIMERSLACK);
    prctl(PR_SET_TIMERSLACK, 1UL);
  }
  ~ThreadSettings() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    const timespec at_once = {};
    if (sigismember(&signals_before_, SIGPIPE) == 0) sigtimedwait(&pipe, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
    prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(slack_before_));  // NOLINT(google-runtime-int): prctl's type.
  }
  ThreadSettings(const ThreadSettings&) = delete;
  ThreadSettings& operator=(const ThreadSettings&) = delete;

 private:
  sigset_t signals_before_;
  int slack_before_ = 0;
};

absl::Duration ThreadCpu() {
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

std::string OwnNamespace() {
  std::random_device random;
  return absl::StrFormat("load-test/%08x%08x", random(), random());
}

LoadOptions Resolved(LoadOptions options) {
  if (options.name_space.empty()) options.name_space = OwnNamespace();
  if (options.requests == 0 && options.duration == absl::ZeroDuration()) options.requests = kDefaultRequests;
  return options;
}

// The steps of one test.
class LoadTest {
 public:
  LoadTest(const LoadOptions& options, const LoadControl& control)
      : options_(options),
        control_(control),
        payloads_(options.value_sizes, options.seed),
        writer_(options.name_space, options.seed, options.duration + options.warmup + kSpareTtl, &payloads_) {}

  absl::StatusOr<LoadReport> Run() {
    absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Create(options_, control_.stop);
    if (!engine.ok()) return engine.status();
    engine_ = *std::move(engine);
    absl::Status status = CheckNamespaceIsEmpty();
    if (!status.ok()) return status;
    status = Prepare();
    if (status.ok()) status = Measure();
    engine_.reset();
    report_.left_behind = CleanUp();
    if (!status.ok()) {
      if (report_.left_behind.empty()) return status;
      return absl::Status(status.code(), absl::StrCat(status.message(), "; namespace ", options_.name_space,
                                                      " was not cleared: ", report_.left_behind));
    }
    for (const Threshold& threshold : options_.thresholds) report_.thresholds.push_back(Judge(threshold, report_));
    return std::move(report_);
  }

 private:
  using Phase = LoadProgress::Phase;

  absl::Status CheckNamespaceIsEmpty() {
    v1::InvalidateRequest request;
    request.set_namespace_(options_.name_space);
    request.set_everything(true);
    request.set_dry_run(true);
    const absl::StatusOr<std::string> answer = engine_->CallOnce(Method::kInvalidate, request.SerializeAsString());
    if (!answer.ok()) return answer.status();
    v1::InvalidateResponse response;
    if (!response.ParseFromString(*answer)) return absl::InternalError("Invalidate: not a well-formed answer");
    if (response.removed_count() == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("namespace '", options_.name_space, "' holds ",
                                                      response.removed_count(),
                                                      " entries: a load test needs one of its own, and clears it"));
  }

  absl::Status Prepare() {
    if (options_.mode == LoadMode::kMissPath) return absl::OkStatus();
    PopulateWorkload populate(&writer_);
    const PhaseResult result = engine_->Run(Schedule(0, options_.keyspace, 0, Engine::NowNanos()), populate,
                                            Ticker(Phase::kPreparing, nullptr));
    if (result.stopped) return absl::CancelledError("stopped while storing the keys");
    if (!result.aborted.empty()) return absl::UnavailableError(result.aborted);
    if (populate.status().ok()) return absl::OkStatus();
    return absl::Status(populate.status().code(), absl::StrCat("storing the keys: ", populate.status().message()));
  }

  absl::Status Measure() {
    if (options_.mode == LoadMode::kMissPath) {
      MissPathWorkload workload(&writer_);
      return WarmUpAndMeasure(workload);
    }
    MixWorkload workload(options_, &writer_, &payloads_);
    return WarmUpAndMeasure(workload);
  }

  template <typename CountingWorkload>
  absl::Status WarmUpAndMeasure(CountingWorkload& workload) {
    if (options_.warmup > absl::ZeroDuration()) {
      LoadReport not_counted;
      workload.CountInto(&not_counted);
      const Schedule schedule(options_.rate, 0, absl::ToInt64Nanoseconds(options_.warmup), Engine::NowNanos());
      const PhaseResult result = engine_->Run(schedule, workload, Ticker(Phase::kWarmingUp, &not_counted));
      if (result.stopped) return absl::CancelledError("stopped while warming up");
      if (!result.aborted.empty()) return absl::UnavailableError(result.aborted);
    }
    workload.CountInto(&report_);
    report_.options = options_;
    report_.start_time = absl::Now();
    const absl::Duration cpu_before = ThreadCpu();
    const Schedule schedule(options_.rate, options_.requests, absl::ToInt64Nanoseconds(options_.duration),
                            Engine::NowNanos());
    const PhaseResult result = engine_->Run(schedule, workload, Ticker(Phase::kMeasuring, &report_));
    report_.generator_cpu = ThreadCpu() - cpu_before;
    report_.elapsed = absl::Nanoseconds(result.elapsed_nanos);
    report_.unsent = result.unsent;
    report_.bytes_sent = result.bytes_sent;
    report_.bytes_received = result.bytes_received;
    report_.reconnects = result.reconnects;
    report_.interrupted = result.stopped;
    report_.aborted = result.aborted;
    return absl::OkStatus();
  }

  // Over a connection of its own, whatever became of the others and of the caller's patience. Empty: done.
  std::string CleanUp() {
    if (control_.progress) control_.progress({.phase = Phase::kCleaningUp});
    LoadOptions options = options_;
    options.connections = options.concurrency = 1;
    options.connect_timeout = options.call_timeout = kCleanUpTimeout;
    const absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Create(options, nullptr);
    if (!engine.ok()) return std::string(engine.status().message());
    v1::ClearRequest clear;
    clear.set_namespace_(options_.name_space);
    const absl::StatusOr<std::string> cleared = (*engine)->CallOnce(Method::kClear, clear.SerializeAsString());
    // The ledger should not tell of lookups that no user made. Not every identity may do this, and nothing is left
    // behind without it but counters.
    v1::ResetStatsRequest reset;
    reset.set_namespace_(options_.name_space);
    (void)(*engine)->CallOnce(Method::kResetStats, reset.SerializeAsString());
    return cleared.ok() ? "" : std::string(cleared.status().message());
  }

  Engine::Tick Ticker(Phase phase, const LoadReport* report) const {
    if (!control_.progress) return nullptr;
    return [this, phase, report, start = Engine::NowNanos()](const Schedule& schedule, int64_t now) {
      control_.progress({.phase = phase,
                         .fraction = schedule.Fraction(now),
                         .requests = report == nullptr ? schedule.taken() : report->requests,
                         .errors = report == nullptr ? 0 : report->errors,
                         .elapsed = absl::Nanoseconds(now - start)});
    };
  }

  const LoadOptions options_;
  const LoadControl& control_;
  const Payloads payloads_;
  const RequestWriter writer_;
  std::unique_ptr<Engine> engine_;
  LoadReport report_;
};

}  // namespace

absl::StatusOr<LoadReport> RunLoadTest(const LoadOptions& options, const LoadControl& control) {
  const absl::Status status = options.Validate();
  if (!status.ok()) return status;
  const ThreadSettings settings;
  return LoadTest(Resolved(options), control).Run();
}

}  // namespace paracle::load

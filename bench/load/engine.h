// Engine keeps connections to one server and drives workloads over them, on the caller's thread.
//
// Not thread-safe. Never hangs: every call has a deadline, and a phase ends when no connection could be had for the
// connect timeout.
#ifndef PARACLE_BENCH_LOAD_ENGINE_H_
#define PARACLE_BENCH_LOAD_ENGINE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/load/grpc_connection.h"
#include "bench/load/load_options.h"
#include "bench/load/schedule.h"
#include "bench/load/tls.h"
#include "bench/load/workload.h"

namespace paracle::load {

// How a phase went, whatever its calls said.
struct PhaseResult {
  int64_t elapsed_nanos = 0;  // From the start to the end of the last operation.
  int64_t unsent = 0;         // Due and never sent.
  int64_t bytes_sent = 0;
  int64_t bytes_received = 0;
  int64_t reconnects = 0;
  bool stopped = false;
  std::string aborted;  // Why the phase gave up; empty: it did not.
};

class Engine {
 public:
  // Called some ten times a second.
  using Tick = std::function<void(const Schedule&, int64_t now_nanos)>;

  // Connects. INVALID_ARGUMENT: certificates; UNAVAILABLE: any of the connections could not be made.
  // `stop` may be null.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const LoadOptions& options, const std::atomic<bool>* stop);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Drives `workload` until `schedule` is over and every call has ended, or `stop` is set (calls in flight then have a
  // second to end, and are not shown to the workload when they do not).
  PhaseResult Run(Schedule schedule, Workload& workload, const Tick& tick);

  // One call by itself. Its own status when it fails; UNAVAILABLE without a connection.
  absl::StatusOr<std::string> CallOnce(Method method, const std::string& message);

  static int64_t NowNanos();

 private:
  struct Lane;
  struct Totals {
    int64_t bytes_sent = 0;
    int64_t bytes_received = 0;
    int64_t reconnects = 0;
  };

  Engine(const LoadOptions& options, const std::atomic<bool>* stop);
  absl::Status Connect();
  void Open(Lane& lane);
  void Close(Lane& lane, const absl::Status& why);
  void OnCallDone(Lane& lane, GrpcCall* call);
  void Send(Lane& lane, GrpcCall* call, int64_t now);
  void SendDue(int64_t now);
  void FlushLanes();
  void Wait(int64_t now, int64_t until);
  void KeepDeadlines(int64_t now);
  void KeepConnections(int64_t now);
  Totals Count() const;
  bool Step(int64_t now, PhaseResult& result);  // False: the phase is over.
  int64_t NextWakeUp(int64_t now, bool stopped) const;
  void CancelAll(int status, const char* why);
  void WatchSocket(Lane& lane);
  bool StopAsked() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

  LoadOptions options_;
  const std::atomic<bool>* stop_;
  GrpcConnectionOptions connection_options_;
  Endpoint endpoint_;
  std::vector<SocketAddress> addresses_;
  std::shared_ptr<const TlsContext> tls_;  // Null: plain.
  int epoll_ = -1;
  std::vector<std::unique_ptr<Lane>> lanes_;
  size_t next_lane_ = 0;

  // Of the phase that runs.
  Schedule schedule_{0, 0, 0, 0};
  Workload* workload_ = nullptr;
  bool discard_ = false;  // Calls that end now are not shown to the workload.
  int64_t in_flight_ = 0;
  int64_t last_end_nanos_ = 0;
  int64_t next_deadline_check_ = 0;
  int64_t last_ready_nanos_ = 0;              // When a connection was ready last.
  int64_t stopped_nanos_ = Schedule::kNever;  // When the caller asked to stop.
  Totals closed_totals_;                      // Of connections that are gone.
  std::string last_error_;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_ENGINE_H_

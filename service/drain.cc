#include "service/drain.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "grpc/grpc.h"

namespace paracle::service {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(10);

// Cuts the connections of a server that is shutting down, once it has been quiet. Lives as long as the shutdown takes.
class QuietWatch {
 public:
  QuietWatch(grpc_server* server, absl::FunctionRef<bool()> busy)
      : server_(server), busy_(busy), thread_([this] { Run(); }) {}

  ~QuietWatch() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

 private:
  void Run() {
    SteadyClock::time_point last_busy = SteadyClock::now();
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kPoll, [this] { return over_; })) {
      const SteadyClock::time_point now = SteadyClock::now();
      if (busy_()) last_busy = now;
      if (now - last_busy < absl::ToChronoNanoseconds(kDrainQuiet)) continue;
      // Its name says calls; what it does is to close every connection.
      grpc_server_cancel_all_calls(server_);
      return;
    }
  }

  grpc_server* const server_;
  const absl::FunctionRef<bool()> busy_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace

void ShutDown(grpc::Server* server, absl::Duration timeout, absl::FunctionRef<bool()> busy) {
  const QuietWatch watch(server->c_server(), busy);
  server->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
}

}  // namespace paracle::service

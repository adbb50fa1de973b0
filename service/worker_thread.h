// WorkerThread runs long work (walking a million entries) one task after another, away from gRPC's threads.
#ifndef PARACLE_SERVICE_WORKER_THREAD_H_
#define PARACLE_SERVICE_WORKER_THREAD_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "absl/functional/any_invocable.h"

namespace paracle::service {

// Thread-safe. std::mutex, because a condition needs it; nothing here is on a hit's path.
class WorkerThread {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // REQUIRES: max_waiting > 0.
  explicit WorkerThread(size_t max_waiting);

  // Runs what is waiting, then ends.
  ~WorkerThread();

  // False, and `task` is gone: as many as may wait do wait.
  bool Post(Task task);

 private:
  void Run();

  const size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> waiting_;  // Guarded by mutex_.
  bool ending_ = false;       // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_WORKER_THREAD_H_

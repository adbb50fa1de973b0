// PeriodicThread does something every so often, until it is destroyed.
#ifndef PARACLE_SERVICE_PERIODIC_THREAD_H_
#define PARACLE_SERVICE_PERIODIC_THREAD_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace paracle::service {

class PeriodicThread {
 public:
  // Does it first after one `period`.
  PeriodicThread(absl::Duration period, std::function<void()> task);
  ~PeriodicThread();

 private:
  void Run();

  const absl::Duration period_;
  const std::function<void()> task_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_PERIODIC_THREAD_H_

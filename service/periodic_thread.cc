#include "service/periodic_thread.h"

#include <utility>

namespace paracle::service {

PeriodicThread::PeriodicThread(absl::Duration period, std::function<void()> task)
    : period_(period), task_(std::move(task)), thread_([this] { Run(); }) {}

PeriodicThread::~PeriodicThread() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void PeriodicThread::Run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, absl::ToChronoNanoseconds(period_), [this] { return ending_; })) {
    lock.unlock();
    task_();
    lock.lock();
  }
}

}  // namespace paracle::service

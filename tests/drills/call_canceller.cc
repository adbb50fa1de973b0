#include "tests/drills/call_canceller.h"

#include <utility>

#include "absl/time/clock.h"

namespace paracle::drills {

CallCanceller::~CallCanceller() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void CallCanceller::CancelAt(absl::Time when, std::weak_ptr<grpc::ClientContext> call) {
  {
    const std::lock_guard lock(mutex_);
    due_.emplace(when, std::move(call));
  }
  changed_.notify_one();
}

void CallCanceller::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const absl::Time next = due_.empty() ? absl::Now() + absl::Seconds(1) : due_.begin()->first;
    if (next > absl::Now()) {
      changed_.wait_until(lock, absl::ToChronoTime(next));
      continue;
    }
    const std::weak_ptr<grpc::ClientContext> call = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    lock.unlock();
    if (const auto alive = call.lock()) alive->TryCancel();
    lock.lock();
  }
}

}  // namespace paracle::drills

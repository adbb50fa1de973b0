// OpenCalls counts the calls that are answered through the callback API, so that a drain can wait for them, and knows
// who else counts them.
#ifndef PARACLE_SERVICE_OPEN_CALLS_H_
#define PARACLE_SERVICE_OPEN_CALLS_H_

#include <atomic>

#include "service/metrics/call_meter.h"

namespace paracle::service {

// Thread-safe.
class OpenCalls {
 public:
  // Null: nobody else does.
  explicit OpenCalls(CallMeter* meter = nullptr) : meter_(meter) {}

  void Enter() { count_.fetch_add(1, std::memory_order_relaxed); }
  void Leave() { count_.fetch_sub(1, std::memory_order_relaxed); }
  int count() const { return count_.load(std::memory_order_relaxed); }
  CallMeter* meter() const { return meter_; }

 private:
  CallMeter* const meter_;
  std::atomic<int> count_{0};
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_OPEN_CALLS_H_

// ConnectionGuard closes connections that take from others what gRPC 1.51 lets them take (docs/adr/0017-limits.md):
//
//   memory   gRPC holds whatever headers a connection sends without an end, and every call that is begun before the
//            peer has confirmed the limit of calls;
//   threads  a thread that reads from a connection does so for as long as there is something to read, and leaves all
//            else that is its to do until then;
//   files    it keeps as many connections as come.
//
// Fifty times a second it looks. When there is too much of one of the first two, it closes the connection that costs
// most, one at a time, until that helps; what the allocator keeps of freed memory goes back to the system. When there
// are too many connections, those too many from which least was received are closed. Else it does nothing.
#ifndef PARACLE_SERVICE_LIMITS_CONNECTION_GUARD_H_
#define PARACLE_SERVICE_LIMITS_CONNECTION_GUARD_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "service/periodic_thread.h"

namespace paracle::service {

class ConnectionGuard {
 public:
  enum class Reason { kMemory, kThread, kNumber };

  // 0: without a limit.
  struct Limits {
    int64_t bytes = 0;       // Of the whole process.
    size_t connections = 0;  // For a fraction of a second there may be more.
  };

  struct Closed {
    Reason reason;
    std::string peer;
    size_t others = 0;  // That were closed with it.
  };

  // Whether a thread is held up. Asked on the guard's thread, 50 times a second and more.
  using Watch = std::function<bool()>;

  // On the guard's thread.
  using OnClose = std::function<void(const Closed& closed)>;

  // `watches`: of the threads that serve connections. `ports`: where the connections were accepted.
  ConnectionGuard(const Limits& limits, std::vector<Watch> watches, std::set<int> ports, OnClose on_close);
  ~ConnectionGuard() { ending_ = true; }

 private:
  void Look();
  void LookAtMemory();
  void LookAtNumber();
  bool ThreadIsHeldUp();
  bool IsTooMuch(Reason reason);
  void CloseCostliest(Reason reason);
  // -1: none, or it is not needed any more.
  int FindCostliest(Reason reason);

  const Limits limits_;
  const std::set<int> ports_;
  const OnClose on_close_;
  // Of the guard's thread alone.
  std::vector<Watch> watches_;
  std::chrono::steady_clock::time_point next_trim_, counted_;
  std::chrono::steady_clock::duration counting_took_{};
  std::atomic<bool> ending_ = false;
  PeriodicThread thread_;  // Last: it uses the rest.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_CONNECTION_GUARD_H_

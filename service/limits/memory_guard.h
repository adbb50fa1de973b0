// MemoryGuard keeps what the process takes beside the memory tier within a limit, where gRPC does not: version 1.51
// holds whatever headers a connection sends without an end, and every call that is begun before the peer has confirmed
// the limit of calls (docs/adr/0017-limits.md).
//
// Fifty times a second it asks the kernel. Over the limit, it closes the connection that costs most, one at a time,
// until that helps; what the allocator keeps of freed memory goes back to the system. Within the limit it does nothing.
#ifndef PARACLE_SERVICE_LIMITS_MEMORY_GUARD_H_
#define PARACLE_SERVICE_LIMITS_MEMORY_GUARD_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace paracle::service {

struct MemoryUse {
  int64_t allocated = 0;  // By the program.
  int64_t resident = 0;   // Of the process, with what the allocator keeps.
};

MemoryUse ReadMemoryUse();

class MemoryGuard {
 public:
  // `max_bytes`: of the whole process. `ports`: where its connections were accepted. `on_close` is told of each that it
  // closes, on the guard's thread.
  MemoryGuard(int64_t max_bytes, std::set<int> ports, std::function<void(const std::string& peer)> on_close);
  ~MemoryGuard();

 private:
  void Run();
  void Look();
  void CloseCostliest();
  // False: it is time to end.
  bool Sleep(int millis);

  const int64_t max_bytes_;
  const std::set<int> ports_;
  const std::function<void(const std::string& peer)> on_close_;
  std::chrono::steady_clock::time_point next_trim_;  // Of the thread alone.
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_MEMORY_GUARD_H_

#include "service/limits/memory_guard.h"

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "service/limits/connection_scan.h"

namespace paracle::service {
namespace {

constexpr int kLookMillis = 20;
constexpr int kScanMillis = 5;
// What a flood brings within such a time, and nobody who waits for answers. Slower ones are looked for only after a
// second, in all that came meanwhile: the memory of the connection before may just not have been given back yet.
constexpr uint64_t kFlood = 64 << 10;
constexpr uint64_t kSlowFlood = 256 << 10;
constexpr int kPatientScans = 200;
constexpr std::chrono::seconds kBetweenTrims{1};  // Each walks all that is free.

int64_t ResidentBytes() {
  FILE* const file = fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long size = 0, resident = 0;
  const bool read = fscanf(file, "%ld %ld", &size, &resident) == 2;
  fclose(file);
  return read ? int64_t{resident} * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

MemoryUse ReadMemoryUse() {
  const struct mallinfo2 info = mallinfo2();
  return {.allocated = static_cast<int64_t>(info.uordblks + info.hblkhd), .resident = ResidentBytes()};
}

MemoryGuard::MemoryGuard(int64_t max_bytes, std::set<int> ports, std::function<void(const std::string& peer)> on_close)
    : max_bytes_(max_bytes), ports_(std::move(ports)), on_close_(std::move(on_close)), thread_([this] { Run(); }) {}

MemoryGuard::~MemoryGuard() {
  {
    std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void MemoryGuard::Run() {
  while (Sleep(kLookMillis)) Look();
}

// What is resident is cheap to read, and never much less than what is allocated.
void MemoryGuard::Look() {
  if (ResidentBytes() <= max_bytes_) return;
  if (ReadMemoryUse().allocated > max_bytes_) return CloseCostliest();
  const auto now = std::chrono::steady_clock::now();
  if (now < next_trim_) return;
  malloc_trim(0);
  next_trim_ = now + kBetweenTrims;
}

void MemoryGuard::CloseCostliest() {
  const auto first = ScanConnections(ports_);
  auto before = first;
  int fd = -1;
  for (int scans = 0; fd < 0; ++scans) {
    if (!Sleep(kScanMillis) || ReadMemoryUse().allocated <= max_bytes_) return;
    const auto after = ScanConnections(ports_);
    const bool patient = scans < kPatientScans;
    fd = Costliest(patient ? before : first, after, patient ? kFlood : kSlowFlood);
    if (!patient && fd < 0) return;
    before = after;
  }
  const std::string peer = PeerOf(fd);
  // gRPC sees the end of it and cleans up. The peer is not told with a reset: one that only sends then hangs for a
  // while instead of coming back at once. Should the number have been given to another meanwhile, that one connects
  // again.
  if (shutdown(fd, SHUT_RDWR) == 0) on_close_(peer);
}

bool MemoryGuard::Sleep(int millis) {
  std::unique_lock lock(mutex_);
  return !ended_.wait_for(lock, std::chrono::milliseconds(millis), [this] { return end_; });
}

}  // namespace paracle::service

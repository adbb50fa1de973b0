#include "service/limits/connection_guard.h"

#include <malloc.h>
#include <sys/socket.h>

#include <thread>
#include <utility>

#include "service/limits/connection_scan.h"
#include "service/limits/memory_use.h"
#include "service/open_files.h"

namespace paracle::service {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(20);
constexpr std::chrono::milliseconds kBetweenScans{5};
// What a flood brings between two scans, and nobody who waits for answers. Slower ones are looked for only after so
// many scans, in all that came meanwhile: the memory of the connection before may just not have been given back yet, a
// thread may come round by itself.
constexpr uint64_t kFlood = 64 << 10;
constexpr uint64_t kSlowFlood = 256 << 10;
constexpr int kPatientScans = 200;
constexpr int kPatientScansOfAThread = 40;
constexpr std::chrono::seconds kBetweenTrims{1};  // Each walks all that is free.

}  // namespace

ConnectionGuard::ConnectionGuard(const Limits& limits, std::vector<Watch> watches, std::set<int> ports,
                                 OnClose on_close)
    : limits_(limits),
      ports_(std::move(ports)),
      on_close_(std::move(on_close)),
      watches_(std::move(watches)),
      thread_(kBetweenLooks, [this] { Look(); }) {}

void ConnectionGuard::Look() {
  if (IsTooMuch(Reason::kThread)) CloseCostliest(Reason::kThread);
  if (limits_.bytes > 0) LookAtMemory();
  if (limits_.connections > 0) LookAtNumber();
}

// What is resident is cheap to read, and never much less than what is allocated.
void ConnectionGuard::LookAtMemory() {
  if (ResidentBytes() <= limits_.bytes) return;
  if (IsTooMuch(Reason::kMemory)) return CloseCostliest(Reason::kMemory);
  const auto now = std::chrono::steady_clock::now();
  if (now < next_trim_) return;
  malloc_trim(0);
  next_trim_ = now + kBetweenTrims;
}

// To count them, the system has to be asked about each. But it gives a file the lowest free number, so there cannot be
// many while that is low, but for those that were there before others closed.
void ConnectionGuard::LookAtNumber() {
  const int free = LowestFreeFile();
  const size_t least = free < 0 ? SIZE_MAX : static_cast<size_t>(free);
  if (least <= limits_.connections / 2) return;
  const int pause = least > limits_.connections ? 10 : 100;  // So that it takes a tenth of the time, or a hundredth.
  const auto began = std::chrono::steady_clock::now();
  if (began < counted_ + pause * counting_took_) return;
  const auto connections = ScanConnections(ports_);
  counted_ = std::chrono::steady_clock::now();
  counting_took_ = counted_ - began;
  if (connections.size() <= limits_.connections) return;
  const std::vector<int> closed = LeastReceived(connections, connections.size() - limits_.connections);
  const std::string peer = PeerOf(closed.front());
  for (int fd : closed) shutdown(fd, SHUT_RDWR);
  on_close_({Reason::kNumber, peer, closed.size() - 1});
}

// Each is asked, for it sees only what it is asked about.
bool ConnectionGuard::ThreadIsHeldUp() {
  bool held_up = false;
  for (const Watch& watch : watches_) held_up = watch() || held_up;
  return held_up;
}

bool ConnectionGuard::IsTooMuch(Reason reason) {
  return reason == Reason::kThread ? ThreadIsHeldUp() : AllocatedBytes() > limits_.bytes;
}

void ConnectionGuard::CloseCostliest(Reason reason) {
  const int fd = FindCostliest(reason);
  if (fd < 0) return;
  const std::string peer = PeerOf(fd);
  // gRPC sees the end of it and cleans up. The peer is not told with a reset: one that only sends then hangs for a
  // while instead of coming back at once. Should the number have been given to another meanwhile, that one connects
  // again.
  if (shutdown(fd, SHUT_RDWR) == 0) on_close_({reason, peer});
}

int ConnectionGuard::FindCostliest(Reason reason) {
  const auto costliest = reason == Reason::kThread ? Busiest : Costliest;
  const int patient_scans = reason == Reason::kThread ? kPatientScansOfAThread : kPatientScans;
  const auto first = ScanConnections(ports_);
  auto before = first;
  for (int scans = 0; scans < patient_scans; ++scans) {
    std::this_thread::sleep_for(kBetweenScans);
    if (ending_ || !IsTooMuch(reason)) return -1;
    auto after = ScanConnections(ports_);
    if (const int fd = costliest(before, after, kFlood); fd >= 0) return fd;
    before = std::move(after);
  }
  return costliest(first, before, kSlowFlood);
}

}  // namespace paracle::service

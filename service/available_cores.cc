#include "service/available_cores.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace paracle::service {

std::optional<int> CoresOfQuota(absl::string_view cpu_max) {
  const std::vector<absl::string_view> parts = absl::StrSplit(cpu_max, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  int64_t quota;
  int64_t period;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &quota) || !absl::SimpleAtoi(parts[1], &period)) {
    return std::nullopt;
  }
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<int>(std::clamp<int64_t>((quota + period - 1) / period, 1, 4096));
}

int AvailableCores() {
  // On Linux this counts the scheduler's affinity mask, not the machine.
  int cores = std::max(1u, std::thread::hardware_concurrency());
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string line;
  if (std::getline(file, line)) cores = std::min(cores, CoresOfQuota(line).value_or(cores));
  return cores;
}

int DefaultThreads() { return std::min(AvailableCores(), 16); }

}  // namespace paracle::service

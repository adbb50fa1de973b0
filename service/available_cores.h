// How many cores this process really has.
#ifndef PARACLE_SERVICE_AVAILABLE_CORES_H_
#define PARACLE_SERVICE_AVAILABLE_CORES_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace paracle::service {

// Cores that the scheduler gives us, cut to the quota of the container (cgroup v2), rounded up; at least 1.
int AvailableCores();

// The cores that the text of a cgroup's cpu.max allows ("200000 100000" is 2); nullopt: no quota.
std::optional<int> CoresOfQuota(absl::string_view cpu_max);

// Completion queues when the operator does not say: one for each core, because more runnable threads than cores cost
// milliseconds at p99; at most 16, because beyond that nothing was measured and one server is better split in two.
int DefaultThreads();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_AVAILABLE_CORES_H_

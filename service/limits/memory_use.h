// How much memory this process takes. Stateless; thread-safe.
#ifndef PARACLE_SERVICE_LIMITS_MEMORY_USE_H_
#define PARACLE_SERVICE_LIMITS_MEMORY_USE_H_

#include <cstdint>

namespace paracle::service {

// In bytes, with what the allocator keeps of what was freed. Cheap. 0: the system does not say.
int64_t ResidentBytes();

// In bytes, by the program. Locks the allocator's arenas, one after the other.
int64_t AllocatedBytes();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_MEMORY_USE_H_

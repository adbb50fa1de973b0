#include "service/limits/memory_use.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdio>

namespace paracle::service {

int64_t ResidentBytes() {
  FILE* const file = fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long size = 0, resident = 0;
  const bool read = fscanf(file, "%ld %ld", &size, &resident) == 2;
  fclose(file);
  return read ? int64_t{resident} * sysconf(_SC_PAGESIZE) : 0;
}

int64_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

}  // namespace paracle::service

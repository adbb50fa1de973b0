#include "service/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace paracle::service {

void ForbidCoreDumps() {
  // The limit alone is not heeded where cores are piped to a program.
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace paracle::service

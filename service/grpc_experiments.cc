#include "service/grpc_experiments.h"

#include <cstdlib>
#include <string>

namespace paracle::service {
namespace {

constexpr char kVariable[] = "GRPC_EXPERIMENTS";

// gRPC 1.51 reads into as much memory as it expects to need, which is at least what came on the connection since there
// last was nothing to read (src/core/lib/iomgr/tcp_posix.cc, maybe_make_read_slices). With this experiment, which is
// on, nothing bounds that: who sends without a pause makes the process allocate gigabytes, and beyond 2 GiB an int
// overflows, nothing at all is allocated, and an assertion ends the process. Without it, no read gets more than 4 MiB.
constexpr char kHarmful[] = "-tcp_read_chunks";

}  // namespace

void SwitchOffHarmfulExperiments() {
  const char* const given = getenv(kVariable);
  const std::string value = given == nullptr || *given == '\0' ? kHarmful : std::string(kHarmful) + "," + given;
  setenv(kVariable, value.c_str(), /*overwrite=*/1);
}

}  // namespace paracle::service

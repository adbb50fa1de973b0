#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "service/grpc_experiments.h"
#include "service/run_server.h"

int main(int argc, char** argv) {
  // Debian builds Abseil, which gRPC locks with, so that it looks for deadlocks on every lock taken.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  paracle::service::SwitchOffHarmfulExperiments();
  const int exit_code = paracle::service::RunServer(argc, argv);
  // Without destructors of globals: threads of gRPC live as long as the process and may be in the midst of anything.
  fflush(nullptr);
  std::quick_exit(exit_code);
}

#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "cli/exit_code.h"

namespace paracle::cli {
namespace {

std::atomic<bool> stop_is_awaited{false};
std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

void OnInterrupt(int) {
  if (!stop_is_awaited.exchange(false)) _exit(static_cast<int>(ExitCode::kInterrupted));
  stop = true;
}

}  // namespace

void ExitOnInterrupt() {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

const std::atomic<bool>& StopOnInterrupt() {
  stop_is_awaited = true;
  return stop;
}

}  // namespace paracle::cli

#include "service/shutdown_signals.h"

#include <signal.h>
#include <unistd.h>

namespace paracle::service {
namespace {

sigset_t ShutdownSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockShutdownSignals() {
  const sigset_t signals = ShutdownSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int WaitForShutdownSignal() {
  const sigset_t signals = ShutdownSignals();
  int number = 0;
  while (sigwait(&signals, &number) != 0) continue;
  struct sigaction action {};
  action.sa_handler = [](int second) { _exit(128 + second); };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  return number;
}

}  // namespace paracle::service

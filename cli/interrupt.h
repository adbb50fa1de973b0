// What Ctrl-C does.
#ifndef PARACLE_CLI_INTERRUPT_H_
#define PARACLE_CLI_INTERRUPT_H_

#include <atomic>

namespace paracle::cli {

// From now on SIGINT ends the process with exit code 130, at once.
void ExitOnInterrupt();

// From now on the first SIGINT only sets the flag returned, for commands that must clean up; the second one ends the
// process as ExitOnInterrupt does.
const std::atomic<bool>& StopOnInterrupt();

}  // namespace paracle::cli

#endif  // PARACLE_CLI_INTERRUPT_H_

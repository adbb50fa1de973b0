// Waits for SIGTERM and SIGINT.
#ifndef PARACLE_SERVICE_SHUTDOWN_SIGNALS_H_
#define PARACLE_SERVICE_SHUTDOWN_SIGNALS_H_

namespace paracle::service {

// Keeps both signals from ending the process, and SIGPIPE for good. Call it before any thread is started, which
// inherits this.
void BlockShutdownSignals();

// Blocks until one comes; returns its number. From then on, another one ends the process at once, with 128 and its
// number as the exit code.
int WaitForShutdownSignal();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SHUTDOWN_SIGNALS_H_

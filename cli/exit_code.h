// The exit codes of `paracle`: a superset of grpc_health_probe's, so that exec probes and scripts agree.
#ifndef PARACLE_CLI_EXIT_CODE_H_
#define PARACLE_CLI_EXIT_CODE_H_

namespace paracle::cli {

enum class ExitCode : int {
  kOk = 0,
  kUsage = 1,             // Wrong flag, unreadable file, malformed input: nothing was sent.
  kCannotConnect = 2,     // No server, or it did not let us in: nothing was sent.
  kRpcFailed = 3,         // The server answered with an error, or did not answer in time.
  kUnhealthy = 4,         // `health` alone.
  kNotConfirmed = 5,      // `clear` alone.
  kMiss = 6,              // `get` alone.
  kThresholdFailed = 99,  // `benchmark` alone.
  kInterrupted = 130,     // SIGINT.
};

}  // namespace paracle::cli

#endif  // PARACLE_CLI_EXIT_CODE_H_

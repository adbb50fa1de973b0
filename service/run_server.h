// The whole life of the process paracle-cache-server, but for main's first line.
#ifndef PARACLE_SERVICE_RUN_SERVER_H_
#define PARACLE_SERVICE_RUN_SERVER_H_

namespace paracle::service {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;            // It could not start or listen.
inline constexpr int kExitBadConfiguration = 2;  // One line on stderr says what would be accepted.

// Returns the exit code.
int RunServer(int argc, const char* const* argv);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_RUN_SERVER_H_

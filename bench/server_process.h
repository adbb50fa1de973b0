// ServerProcess is a cache server of one's own for the length of a load test: started on a free port of 127.0.0.1,
// untouched by PARACLE_* variables of the environment, ended with its owner.
#ifndef PARACLE_BENCH_SERVER_PROCESS_H_
#define PARACLE_BENCH_SERVER_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace paracle::load {

class ServerProcess {
 public:
  // Runs `program --listen 127.0.0.1:PORT` with `flags` after it and waits until it takes connections, at most 20 s.
  // UNAVAILABLE: it cannot be run, ended, or did not listen in time; its own messages are on stderr.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::string& program,
                                                              const std::vector<std::string>& flags);
  // Asks it to end and waits; after five seconds it is killed.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& endpoint() const { return endpoint_; }

 private:
  ServerProcess(pid_t pid, std::string endpoint) : pid_(pid), endpoint_(std::move(endpoint)) {}
  bool Ended();

  pid_t pid_;
  std::string endpoint_;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_SERVER_PROCESS_H_

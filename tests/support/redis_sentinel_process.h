// SentinelProcess is one real Redis or Valkey Sentinel, on a free port of 127.0.0.1, gone with the object.
//
// Not thread-safe, and see ChildProcess: start it from a thread that outlives it. Throws std::runtime_error, with its
// own words, when it does not answer in time.
#ifndef PARACLE_TESTS_SUPPORT_REDIS_SENTINEL_PROCESS_H_
#define PARACLE_TESTS_SUPPORT_REDIS_SENTINEL_PROCESS_H_

#include <string>
#include <vector>

#include "tests/support/blocking_redis.h"
#include "tests/support/child_process.h"
#include "tests/support/redis_process.h"

namespace paracle::support {

struct SentinelOptions {
  ServerKind kind = ServerKind::kRedis;
  std::string password = {};             // Of the Sentinel itself; empty: none.
  const RedisTls* tls = nullptr;         // Read by the constructor only.
  std::vector<std::string> config = {};  // Lines about what it watches.
  std::vector<std::string> debug = {};   // Words of SENTINEL DEBUG, which the file cannot say; empty: none.
};

class SentinelProcess {
 public:
  explicit SentinelProcess(const SentinelOptions& options);
  ~SentinelProcess();
  SentinelProcess(const SentinelProcess&) = delete;
  SentinelProcess& operator=(const SentinelProcess&) = delete;

  int Port() const { return port_; }
  pid_t pid() const { return process_.pid(); }
  bool runs() const { return runs_; }  // Neither killed nor stopped.

  void Kill();      // SIGKILL.
  void Stop();      // SIGSTOP.
  void Continue();  // SIGCONT.
  void Restart();   // On its port, with what it knew.

  // Over its unix socket, on a connection of its own.
  RedisReply Command(const std::vector<std::string>& words) const;

 private:
  void Start();
  std::string Log() const;

  const std::string program_;
  const std::string directory_;
  const int port_;
  const std::string password_;
  const std::vector<std::string> debug_;
  bool runs_ = false;
  ChildProcess process_;
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_REDIS_SENTINEL_PROCESS_H_

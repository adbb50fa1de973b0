// RedisProcess is a real redis-server or valkey-server of a test's own: on a free port of 127.0.0.1 and on a unix
// socket, in a fresh directory, gone with the object.
//
// Not thread-safe, and see ChildProcess: start it from a thread that outlives it. Throws std::runtime_error, with the
// server's own words, when it does not answer in time.
#ifndef PARACLE_TESTS_SUPPORT_REDIS_PROCESS_H_
#define PARACLE_TESTS_SUPPORT_REDIS_PROCESS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/blocking_redis.h"
#include "tests/support/child_process.h"
#include "tests/support/test_certificates.h"

namespace paracle::support {

enum class ServerKind { kRedis, kValkey };

// One line of an ACL: `user NAME RULES`.
struct RedisUser {
  std::string name;
  std::string rules;  // For example "on >secret ~paracle:* +get +set".
};

struct RedisTls {
  std::string ca;
  CertificateFiles server;
  bool wants_client_certificate = false;
};

struct RedisOptions {
  ServerKind kind = ServerKind::kRedis;
  int port = 0;  // 0: one that is free.
  int databases = 16;
  std::string password = {};  // Of the default user; empty: none.
  std::vector<RedisUser> users = {};
  const RedisTls* tls = nullptr;            // Set: the port speaks TLS and nothing else. Read by the constructor only.
  std::vector<std::string> arguments = {};  // After ours, for example {"--maxmemory", "1mb"}.
};

class RedisProcess {
 public:
  enum class Data { kEmpty, kKeep };

  static bool Available(ServerKind kind);

  explicit RedisProcess(const RedisOptions& options = {});
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  int Port() const { return port_; }
  std::string UnixPath() const { return directory_ + "/redis.sock"; }
  // `scheme`: "redis", "rediss" or "unix"; the database is 0. No user and password in it.
  std::string Url(std::string_view scheme = "redis") const;
  pid_t pid() const { return process_.pid(); }

  void Kill() { process_.Kill(); }  // SIGKILL.
  void Stop() const;                // SIGSTOP.
  void Continue() const;            // SIGCONT.
  // On the same port, in the same directory; ends it first when it still runs. kKeep: with the RDB of the last Save.
  void Restart(Data data = Data::kEmpty);
  void Save();

  // As the default user, over the unix socket, on a connection of its own. Empty fields are no words.
  RedisReply Command(const std::vector<std::string>& words);
  BlockingRedis Connect() const;
  // Keys of database 0 that match the pattern. REQUIRES: few of them (KEYS).
  int64_t CountKeys(const std::string& pattern = "*");
  // What the server refused by ACL, one line each: "user: command|key object".
  std::vector<std::string> AclLog();

 private:
  void Start();
  bool Answers() const;
  std::string Log() const;

  std::string directory_;
  int port_;
  std::string password_;
  std::vector<std::string> words_;
  ChildProcess process_;
};

}  // namespace paracle::support

// In the body of a test, before anything else. Debian's redis-server is a dependency, valkey-server a backport.
#define PARACLE_NEEDS_SERVER(kind)                                                                                \
  if (!::paracle::support::RedisProcess::Available(kind)) {                                                       \
    GTEST_SKIP() << "SKIPPED, nothing is proven: no "                                                             \
                 << ((kind) == ::paracle::support::ServerKind::kRedis ? "redis" : "valkey") << "-server in PATH"; \
  }                                                                                                               \
  static_assert(true, "")

#endif  // PARACLE_TESTS_SUPPORT_REDIS_PROCESS_H_

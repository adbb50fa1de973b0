// RedisSentinel is a Redis or Valkey primary of a test's own with its replicas and the Sentinels that watch them, all
// of them processes on 127.0.0.1, in fresh directories, gone with the object.
//
// Not thread-safe, and see ChildProcess: make it on a thread that outlives it. Throws std::runtime_error, with the
// program's own words, when one does not start.
#ifndef PARACLE_TESTS_SUPPORT_REDIS_SENTINEL_H_
#define PARACLE_TESTS_SUPPORT_REDIS_SENTINEL_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/redis_process.h"
#include "tests/support/redis_sentinel_process.h"

namespace paracle::support {

struct RedisSentinelOptions {
  ServerKind kind = ServerKind::kRedis;
  int replicas = 2;
  int sentinels = 3;
  int quorum = 2;
  absl::Duration down_after = absl::Seconds(1);
  // Twice this long after a failover began there is no other one.
  absl::Duration failover_timeout = absl::Seconds(2);
  // How often Sentinels speak to each other; 2 s is their default. A primary that comes back after it was replaced is
  // made a replica after four times as long: until then it takes writes that will be lost.
  absl::Duration publish_period = absl::Milliseconds(500);
  std::string master_name = "paracle";
  std::string password = {};           // Of the servers; empty: none.
  std::string sentinel_password = {};  // Of the Sentinels; empty: none.
  const RedisTls* tls = nullptr;       // Set: everybody speaks TLS. Must outlive the object.
};

class RedisSentinel {
 public:
  // Returns when it is well, see AwaitWell.
  explicit RedisSentinel(const RedisSentinelOptions& options = {});
  ~RedisSentinel();
  RedisSentinel(const RedisSentinel&) = delete;
  RedisSentinel& operator=(const RedisSentinel&) = delete;

  // All Sentinels, the master's name, database 0; no user and password in it.
  std::string Url(std::string_view scheme = "redis+sentinel") const;

  // Servers have numbers from 0; 0 is the primary of the beginning. Kill, stop and restart them by their numbers.
  int servers() const { return static_cast<int>(servers_.size()); }
  const RedisProcess& server(int number) const { return *servers_[number]; }
  RedisReply Command(int number, const std::vector<std::string>& words) { return servers_[number]->Command(words); }
  void Kill(int number);      // SIGKILL.
  void Stop(int number);      // SIGSTOP.
  void Continue(int number);  // SIGCONT.
  // Empty, and a primary in its own eyes, until Sentinels say otherwise.
  void Restart(int number);

  int sentinels() const { return static_cast<int>(sentinels_.size()); }
  SentinelProcess& sentinel(int number) { return *sentinels_[number]; }

  // The server that most Sentinels name as the primary. -1: there is none.
  int Primary();
  // Whether this server says that it is a primary: it does so earlier than Sentinels do, and an old one goes on.
  bool CallsItselfPrimary(int number);
  // Until a server other than `old` calls itself primary. -1: none in time. REQUIRES: all was well before `old` went.
  int AwaitPrimaryOtherThan(int old, absl::Duration patience = absl::Seconds(30));
  // Until most Sentinels name this server: about a second later. An old primary that comes back earlier may win.
  bool AwaitNamed(int number, absl::Duration patience = absl::Seconds(30));

  // Everybody runs, the Sentinels know each other and agree on the primary, and all other servers are its replicas, up
  // to date. False: not so in time.
  bool AwaitWell(absl::Duration patience = absl::Seconds(30));

 private:
  void StartServers();
  void StartSentinels();
  int ServerOfPort(const std::string& port) const;
  bool Follows(int replica, int primary);
  bool IsWell();
  bool SeesWell(const SentinelProcess& sentinel, int primary) const;

  const RedisSentinelOptions options_;
  std::vector<std::unique_ptr<RedisProcess>> servers_;
  std::vector<std::unique_ptr<SentinelProcess>> sentinels_;
  std::vector<bool> runs_;  // Of the servers: neither killed nor stopped.
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_REDIS_SENTINEL_H_

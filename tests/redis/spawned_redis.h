// A real redis-server of this test's own, on a free port of 127.0.0.1 and a unix socket in a directory of its own.
#ifndef PARACLE_TESTS_REDIS_SPAWNED_REDIS_H_
#define PARACLE_TESTS_REDIS_SPAWNED_REDIS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace paracle::cachecore::redis {

class SpawnedRedis {
 public:
  static bool Installed();

  // Waits until it answers. `arguments` as on the command line; "--port 0" among them leaves the unix socket alone.
  explicit SpawnedRedis(std::vector<std::string> arguments = {});
  SpawnedRedis(const SpawnedRedis&) = delete;
  SpawnedRedis& operator=(const SpawnedRedis&) = delete;
  ~SpawnedRedis();

  int port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  std::string socket() const { return directory_ + "/redis.sock"; }

  void Kill();  // SIGKILL; its data are gone.
  void Start();
  void Freeze();
  void Thaw();

 private:
  bool Answers() const;

  std::string directory_;
  int port_;
  std::vector<std::string> arguments_;
  pid_t pid_ = 0;
};

}  // namespace paracle::cachecore::redis

// In the body of a test, before anything else.
#define PARACLE_NEEDS_REDIS()                                              \
  if (!::paracle::cachecore::redis::SpawnedRedis::Installed()) {           \
    GTEST_SKIP() << "SKIPPED: no redis-server in PATH, nothing is proven"; \
  }                                                                        \
  static_assert(true, "")

#endif  // PARACLE_TESTS_REDIS_SPAWNED_REDIS_H_

// CacheServer is a real paracle-cache-server process of a drill's own, on a unix socket in a fresh directory, with its
// log in a file there; gone with the object.
//
// Not thread-safe, and see ChildProcess: start it from a thread that outlives it. Throws std::runtime_error, with what
// the server said, when it does not listen in time.
#ifndef PARACLE_TESTS_DRILLS_CACHE_SERVER_H_
#define PARACLE_TESTS_DRILLS_CACHE_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "paracle/cache/v1/cache.grpc.pb.h"
#include "tests/support/child_process.h"

namespace paracle::drills {

class CacheServer {
 public:
  // `flags` after --listen and --log-level=info.
  CacheServer(const std::string& program, const std::vector<std::string>& flags);
  ~CacheServer();
  CacheServer(const CacheServer&) = delete;
  CacheServer& operator=(const CacheServer&) = delete;

  // Over a connection of its own, which stands on return. Thread-safe.
  std::unique_ptr<cache::v1::CacheService::Stub> Connect() const;

  // Until a Set is acknowledged by Redis. False: none was in time.
  bool AwaitShared(absl::Duration patience) const;

  bool Running() { return process_.Running(); }
  std::string Log() const;
  int LogLines() const;
  // As the kernel counts them now.
  int Threads() const;
  int Descriptors() const;

 private:
  std::string LogPath() const { return directory_ + "/log"; }
  std::string SocketPath() const { return directory_ + "/cache.sock"; }
  void AwaitListening();

  std::string directory_;
  support::ChildProcess process_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_CACHE_SERVER_H_

// ReplicaClient asks one replica about tracked entries and counts what it must not answer. One caller's: not
// thread-safe.
#ifndef PARACLE_TESTS_DRILLS_REPLICA_CLIENT_H_
#define PARACLE_TESTS_DRILLS_REPLICA_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "paracle/cache/v1/cache.grpc.pb.h"
#include "tests/drills/cache_server.h"
#include "tests/drills/tracked_entry.h"

namespace paracle::drills {

struct ReplicaCounts {
  int64_t hits = 0;
  int64_t misses = 0;
  int64_t sets = 0;
  int64_t refused = 0;  // Of the Sets: their fill began too early.
  int64_t stale = 0;    // Hits, beyond the hard bound.
  int64_t wrong = 0;
  int64_t unavailable = 0;  // Of the Invalidates: Redis may not have them.
  int64_t failed = 0;       // Any other call, or for any other reason.
  std::string first_failure;

  void Add(const ReplicaCounts& others);
};

class ReplicaClient {
 public:
  explicit ReplicaClient(const CacheServer& replica) : stub_(replica.Connect()) {}

  struct Answer {
    uint64_t version = 0;    // Of the hit; 0: none, or a wrong one.
    std::string fill_token;  // Of the miss.
  };
  Answer Get(const TrackedEntry& entry);
  // A refused Set is no failure.
  void Set(const TrackedEntry& entry, uint64_t version, const std::string& fill_token);
  // True: it was acknowledged.
  bool Invalidate(const TrackedEntry& entry, InvalidateKind kind);

  const ReplicaCounts& counts() const { return counts_; }

 private:
  bool Ok(const char* call, const grpc::Status& status);
  void Remember(const char* call, const grpc::Status& status);

  std::unique_ptr<cache::v1::CacheService::Stub> stub_;
  ReplicaCounts counts_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_REPLICA_CLIENT_H_

// Topology is a Redis or Valkey that more than one process makes up and that fails over, as the drill of topologies
// harms and heals it: a Cluster, or a primary with its replicas and Sentinels.
//
// Not thread-safe. Throws std::runtime_error when a process does not do what it is told.
#ifndef PARACLE_TESTS_DRILLS_TOPOLOGY_H_
#define PARACLE_TESTS_DRILLS_TOPOLOGY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/blocking_redis.h"
#include "tests/support/redis_cluster.h"
#include "tests/support/redis_process.h"

namespace paracle::drills {

class Topology {
 public:
  virtual ~Topology() = default;

  virtual std::string Url() const = 0;
  virtual int SlotOf(const std::string& key) = 0;
  virtual std::vector<int> Owners() = 0;  // The primary of every slot.

  virtual void Kill(int server) = 0;      // SIGKILL.
  virtual void Stop(int server) = 0;      // SIGSTOP.
  virtual void Continue(int server) = 0;  // SIGCONT.
  virtual void Restart(int server) = 0;   // Empty.

  // What this primary acknowledges from now on its replicas do not hear, as when the network between them is slow; and
  // they hear everything again, of whoever is their primary then.
  void Deafen(int primary);
  void Undeafen();

  // Until another one is the primary of this slot by its own word, and takes commands. -1: none in time.
  virtual int AwaitSuccessor(int old, int slot) = 0;
  // Until the others agree, so that the old one is not believed when it comes back. False: not so in time.
  virtual bool AwaitAgreed(int primary) = 0;
  // All processes run, are up to date and agree. False: not so in time.
  virtual bool AwaitWell() = 0;

  virtual support::BlockingRedis Connect(int server) = 0;
  virtual support::RedisCluster* cluster() { return nullptr; }  // Null: it is none.

 private:
  virtual std::vector<int> ReplicasOf(int primary) = 0;

  std::vector<int> deaf_;
};

// Three primaries with a replica each. A slot without a primary does not take the others along.
std::unique_ptr<Topology> MakeCluster(support::ServerKind kind, absl::Duration node_timeout);
// A primary, two replicas and three Sentinels; one slot, so to say.
std::unique_ptr<Topology> MakeSentinel(support::ServerKind kind);

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_TOPOLOGY_H_

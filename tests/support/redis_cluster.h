// RedisCluster is a real Redis or Valkey Cluster of a test's own: primaries with one replica each, all of them
// processes on 127.0.0.1, in fresh directories, gone with the object. It takes two seconds to make: so long a primary
// waits before it takes writes.
//
// Not thread-safe, and see ChildProcess: make it on a thread that outlives it. Throws std::runtime_error, with the
// server's own words, when a node does not start or refuses what it is told.
#ifndef PARACLE_TESTS_SUPPORT_REDIS_CLUSTER_H_
#define PARACLE_TESTS_SUPPORT_REDIS_CLUSTER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/redis_cluster_view.h"
#include "tests/support/redis_process.h"

namespace paracle::support {

struct RedisClusterOptions {
  ServerKind kind = ServerKind::kRedis;
  int primaries = 3;  // At least 3: with fewer there is no majority that could fail one over.
  absl::Duration node_timeout = absl::Seconds(2);
  // Redis' default. True: while a slot has no primary, no node answers for any slot, once it knows. False: only that
  // slot is away.
  bool full_coverage = true;
  std::string password = {};      // Empty: none.
  const RedisTls* tls = nullptr;  // Set: clients and nodes speak TLS. Must outlive the object.
  std::vector<std::string> arguments = {};  // Of every node, after ours.
};

class RedisCluster {
 public:
  static constexpr int kSlots = 16'384;

  // Returns when it is well, see AwaitWell.
  explicit RedisCluster(const RedisClusterOptions& options = {});
  ~RedisCluster();
  RedisCluster(const RedisCluster&) = delete;
  RedisCluster& operator=(const RedisCluster&) = delete;

  // Every node is a seed; no user and password in it.
  std::string Url(std::string_view scheme = "redis") const;

  // Nodes have numbers from 0; the primaries of the beginning come first, with the slots in their order.
  int size() const { return static_cast<int>(nodes_.size()); }
  const RedisProcess& node(int number) const { return *nodes_[number]; }
  // Any command, sent to this node; see RedisProcess::Command.
  RedisReply Command(int number, const std::vector<std::string>& words) { return nodes_[number]->Command(words); }

  void Kill(int number);                                                          // SIGKILL.
  void Stop(int number);                                                          // SIGSTOP.
  void Continue(int number);                                                      // SIGCONT.
  void Restart(int number, RedisProcess::Data data = RedisProcess::Data::kEmpty);  // As the node that it was.

  // Who has what now, as those that run say it of themselves: a replica is primary from its own first word on.
  std::vector<int> Owners();     // Of every slot; -1: nobody that runs.
  int PrimaryOf(int slot) { return Owners()[slot]; }
  std::vector<int> Primaries();  // With at least one slot.
  int ReplicaOf(int primary);    // -1: none that runs.
  int SlotOf(const std::string& key);  // As Redis hashes it.

  // Every node runs, says that the cluster is ok, and describes it as all the others do; each primary has its replica,
  // which is up to date. False: not so in time.
  bool AwaitWell(absl::Duration patience = absl::Seconds(30));
  // Until somebody other than `old` is the primary of the slot and takes commands for it. -1: nobody in time.
  int AwaitPrimaryOtherThan(int old, int slot, absl::Duration patience = absl::Seconds(30));

  // Gives a slot with its keys to another primary, as resharding does. Between Begin and End its old node answers ASK
  // for keys that it does not have (any more), afterwards MOVED.
  void MoveSlot(int slot, int to) { MoveSlot(slot, PrimaryOf(slot), to); }
  void MoveSlot(int slot, int from, int to);
  int BeginMove(int slot, int to);            // The old node.
  void BeginMove(int slot, int from, int to);
  void MoveKeys(int slot, int from, int to);  // Those that are there.
  void EndMove(int slot, int from, int to);   // REQUIRES: the old node has no key of the slot.

 private:
  std::unique_ptr<RedisProcess> NewNode(const RedisClusterOptions& options) const;
  void AddSlots();
  void Meet();
  void Replicate();
  RedisReply Must(int number, const std::vector<std::string>& words);
  std::vector<ClusterNodeView> View(int number);
  ClusterNodeView Myself(int number);
  std::vector<ClusterNodeView> Selves();  // Of those that run; the others are empty.
  bool IsWell();
  bool Synced(int number);
  bool Await(bool (RedisCluster::*condition)(), absl::Duration patience);
  bool AllKnown();

  const std::string password_;
  std::vector<std::unique_ptr<RedisProcess>> nodes_;
  std::vector<std::string> ids_;
  std::vector<bool> runs_;  // Neither killed nor stopped: it can be asked.
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_REDIS_CLUSTER_H_

#ifndef PARACLE_TESTS_MODEL_WORLD_H_
#define PARACLE_TESTS_MODEL_WORLD_H_

// Replicas, their ways to Redis and the people who ask and fill, in virtual time. Everything that takes time is an
// event; how long it takes, and whether it arrives, the dice say. Not thread-safe: one world, one schedule at a time.
//
// world.cc has time and what befalls the servers, world_marks.cc the mark connections and messages, world_entries.cc
// Gets, fills and stored entries. schedule.h decides what happens next, checker.h what should not have.
//
// Mark calls of a replica share one connection, on which requests and replies keep their order; entries are read and
// written on others. A connection that is lost takes its replies with it, and perhaps its requests.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/model/checker.h"
#include "tests/model/domain.h"
#include "tests/model/events.h"
#include "tests/model/profile.h"
#include "tests/model/redis.h"
#include "tests/model/replica.h"
#include "tests/model/rules.h"

namespace paracle::model {

// What happened, so that a protocol that refuses everything does not pass for a correct one.
struct Totals {
  uint64_t gets = 0;
  uint64_t memory_hits = 0;
  uint64_t shared_hits = 0;
  uint64_t degraded_hits = 0;
  uint64_t misses = 0;
  uint64_t landed = 0;
  uint64_t refused = 0;
  uint64_t acknowledged = 0;
  uint64_t unavailable = 0;
  uint64_t epochs = 0;
  uint64_t pages_ignored = 0;
  uint64_t pages_cut = 0;
  uint64_t needlessly_stale = 0;  // gets at a replica that thinks itself stale although its way to Redis is sound
};

// What of Redis a failure concerns: in a Cluster, marks and entries may be on different servers.
struct Concerned {
  bool marks = true;
  bool entries = true;
};

class World {
 public:
  explicit World(const Rules& rules) : rules_(rules), redis_(rules) {}

  // `log`: nullptr, or where to tell the story.
  void Begin(const Profile& profile, uint64_t seed, std::string* log);
  // Lets `pause` ms pass. Stops early at a violation.
  void Advance(Ms pause);

  void Get(int replica, int question);
  void SetWithoutToken(int replica, int question);
  void Invalidate(int replica, int name);

  void LoseConnection(int replica);
  void Partition(int replica, Ms duration);
  void Restart(int replica);
  void EvictMarks(bool set, bool hash);
  // A copy of Redis as it is now: a snapshot on disk, or what a server's replica has received.
  void Copy(int slot, Concerned concerned);
  // Redis answers again after `down` ms, with the copy of `slot`, or with nothing if that is -1.
  void FailRedis(int slot, Concerned concerned, Ms down, bool connections_survive);

  const Checker& checker() const { return checker_; }
  const Totals& totals() const { return totals_; }

 private:
  struct Node {
    Node(const Rules& rules, const Profile& profile) : table(rules, profile.strict, profile.table_size) {}
    Replica table;
    bool connected = false;
    int connection = 0;
    int incarnation = 0;
    int reads_under_way = 0;
    Ms last_request_due = 0;
    Ms last_reply_due = 0;
    Ms partitioned_until = 0;
    Ms trouble_until = 0;  // its way to the marks was not sound before
  };
  struct RedisCopy {
    MarkState marks;
    Entries entries;
  };

  void Happen(const Event& event);

  // world_marks.cc
  void Connect(int replica);
  void Poll(int replica);
  void SendRead(int replica);
  void SendMarkCall(int replica, MarkCall call);
  void MarkCallAtRedis(int replica, MarkCall& call, size_t index);
  void Execute(MarkCall& call);
  void MarkReply(int replica, MarkCall& call, size_t index);
  bool Learn(int replica, const MarkCall& call);
  void Settle(int replica, MarkCall& call, bool learned);
  void Acknowledge(int replica, MarkCall& call);
  void AnswerUnavailable(int replica, int name, Moment called);
  void Publish(const Message& message);
  void Hear(int replica, const Message& message);
  Ms MarkDelay(int replica);
  EpochId FreshEpoch() { return ++last_epoch_; }
  EpochId EpochFor(const MarkCall& call);

  // world_entries.cc
  void ReadAtRedis(int replica, EntryRead& read, size_t index);
  void ReadReply(int replica, EntryRead& read, size_t index);
  void Promotion(int replica, const EntryRead& read);
  void Miss(int replica, const EntryRead& read);
  void Land(int replica, size_t fill);
  void WriteAtRedis(int replica, const Fill& fill);
  void Serve(int replica, int question, const Value& value, bool from_memory);

  bool Sound(const Node& node) const { return now_ > node.trouble_until + kSeenWithin; }
  bool Partitioned(const Node& node) const { return now_ < node.partitioned_until; }
  void Trouble(Node& node, Ms until) { node.trouble_until = std::max(node.trouble_until, until); }

  // Words are made only if somebody listens.
  template <typename... Parts>
  void Say(const Parts&... parts) {
    if (log_ != nullptr) absl::StrAppend(log_, now_, " ms #", moment_, ": ", Describe(parts)..., "\n");
  }

  const Rules& rules_;
  Profile profile_;
  Dice dice_{0};
  std::string* log_ = nullptr;
  Ms now_ = 0;
  Moment moment_ = 0;
  EpochId last_epoch_ = 0;
  Redis redis_;
  Ms marks_down_until_ = 0;
  Ms entries_down_until_ = 0;
  RedisCopy copies_[2];
  std::vector<Node> nodes_;
  EventQueue queue_;
  std::vector<MarkCall> calls_;
  std::vector<Message> messages_;
  std::vector<EntryRead> reads_;
  std::vector<Fill> fills_;
  Checker checker_;
  Totals totals_;
};

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_WORLD_H_

#include "tests/model/world.h"

namespace paracle::model {

void World::Begin(const Profile& profile, uint64_t seed, std::string* log) {
  profile_ = profile;
  dice_ = Dice(seed);
  log_ = log;
  now_ = 0;
  moment_ = last_epoch_ = 0;
  redis_.Begin(profile.max_marks, profile.page_limit);
  marks_down_until_ = entries_down_until_ = 0;
  copies_[0] = copies_[1] = {};
  queue_.Clear();
  calls_.clear();
  messages_.clear();
  reads_.clear();
  fills_.clear();
  checker_.Begin(profile.strict);
  nodes_.clear();
  for (int replica = 0; replica < profile.replicas; ++replica) {
    nodes_.emplace_back(rules_, profile_).table.Start(FreshEpoch());
    queue_.Add(dice_.Between(0, 20), What::kConnect, replica, 0);
    queue_.Add(dice_.Between(0, 500), What::kPoll, replica, 0);
  }
}

void World::Advance(Ms pause) {
  const Ms until = now_ + pause;
  while (queue_.DueBy(until) && !checker_.violated()) {
    const Event event = queue_.Take();
    now_ = event.due;
    ++moment_;
    Happen(event);
  }
  now_ = until;
  ++moment_;
}

void World::Happen(const Event& event) {
  const int replica = event.replica;
  const size_t subject = event.subject;
  switch (event.what) {
    case What::kPoll:
      return Poll(replica);
    case What::kConnect:
      return Connect(replica);
    case What::kMarkCallAtRedis:
      return MarkCallAtRedis(replica, calls_[subject], subject);
    case What::kMarkReply:
      return MarkReply(replica, calls_[subject], subject);
    case What::kLateLearning:
      Learn(replica, calls_[subject]);
      return;
    case What::kMessage:
      return Hear(replica, messages_[subject]);
    case What::kReadAtRedis:
      return ReadAtRedis(replica, reads_[subject], subject);
    case What::kReadReply:
      return ReadReply(replica, reads_[subject], subject);
    case What::kPromotion:
      return Promotion(replica, reads_[subject]);
    case What::kWriteAtRedis:
      return WriteAtRedis(replica, fills_[subject]);
    case What::kFillLands:
      return Land(replica, subject);
  }
}

void World::Partition(int replica, Ms duration) {
  Node& node = nodes_[replica];
  Say("replica ", replica, " is cut off for ", duration, " ms");
  node.partitioned_until = now_ + duration;
  Trouble(node, node.partitioned_until);
  LoseConnection(replica);
}

void World::Restart(int replica) {
  Node& node = nodes_[replica];
  Say("replica ", replica, " restarts");
  ++node.incarnation;
  LoseConnection(replica);
  node.table.Start(FreshEpoch());
  checker_.OnRestarted(replica, moment_);
}

void World::EvictMarks(bool set, bool hash) {
  Say("evicted:", set ? " Z" : "", hash ? " H" : "");
  if (set) redis_.EvictSet();
  if (hash) redis_.EvictHash();
}

void World::Copy(int slot, Concerned concerned) {
  Say("copy ", slot, " of", concerned.marks ? " marks" : "", concerned.entries ? " entries" : "");
  if (concerned.marks) copies_[slot].marks = redis_.marks();
  if (concerned.entries) copies_[slot].entries = redis_.entries();
}

void World::FailRedis(int slot, Concerned concerned, Ms down, bool connections_survive) {
  Say("Redis fails over to copy ", slot, " of", concerned.marks ? " marks" : "", concerned.entries ? " entries" : "",
      ", away for ", down, " ms");
  const RedisCopy& copy = slot < 0 ? RedisCopy() : copies_[slot];
  if (concerned.entries) {
    entries_down_until_ = now_ + down;
    redis_.entries() = copy.entries;
  }
  if (!concerned.marks) return;
  marks_down_until_ = now_ + down;
  redis_.ReplaceMarks(copy.marks);
  for (int replica = 0; replica < profile_.replicas; ++replica) {
    Trouble(nodes_[replica], marks_down_until_);
    if (!connections_survive) LoseConnection(replica);
  }
}

}  // namespace paracle::model

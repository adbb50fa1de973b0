// Gets, fills and the entries in Redis.
#include "tests/model/world.h"

namespace paracle::model {
namespace {

constexpr Ms kOperationTimeout = 50;

}  // namespace

void World::Get(int replica, int question) {
  Node& node = nodes_[replica];
  ++totals_.gets;
  if (Sound(node) && node.table.Stale(now_)) ++totals_.needlessly_stale;
  EntryRead read{.question = question, .incarnation = node.incarnation, .token = node.table.Now(), .began = moment_};
  if (const auto value = node.table.FromMemory(question, now_)) return Serve(replica, question, *value, true);
  if (!node.table.UsesShared(now_)) return Miss(replica, read);
  Say("replica ", replica, " asks Redis for question ", question, ", ", read.token);
  read.started = now_;
  queue_.Add(now_ + dice_.Between(1, kOperationTimeout / 2), What::kReadAtRedis, replica, reads_.size());
  reads_.push_back(read);
}

void World::ReadAtRedis(int replica, EntryRead& read, size_t index) {
  Ms reply = now_ + dice_.Between(1, kOperationTimeout / 2);
  if (Partitioned(nodes_[replica]) || now_ < entries_down_until_) {
    reply = read.started + kOperationTimeout;
  } else {
    const bool crossed = dice_.Chance(profile_.reply_crossed);
    read.found = redis_.entries()[crossed ? dice_.Below(kQuestions) : read.question];
  }
  queue_.Add(reply, What::kReadReply, replica, index);
}

void World::ReadReply(int replica, EntryRead& read, size_t index) {
  Node& node = nodes_[replica];
  if (read.incarnation != node.incarnation) return;
  if (Partitioned(node) || !node.table.Accepts(read.found, read.question)) return Miss(replica, read);
  Serve(replica, read.question, read.found.value, false);
  queue_.Add(now_ + dice_.Between(0, dice_.Chance(100) ? 500 : 20), What::kPromotion, replica, index);
}

void World::Promotion(int replica, const EntryRead& read) {
  if (read.incarnation == nodes_[replica].incarnation) nodes_[replica].table.Promote(read.found, read.question);
}

void World::Miss(int replica, const EntryRead& read) {
  ++totals_.misses;
  Say("replica ", replica, " misses question ", read.question);
  if (!dice_.Chance(profile_.fills)) return;
  const Token token = rules_.token_taken_before_lookup ? read.token : nodes_[replica].table.Now();
  const Value value{static_cast<uint8_t>(read.question), static_cast<uint8_t>(dice_.Below(1 << kTags)),
                    static_cast<uint8_t>(replica), read.began};
  const uint32_t kind = dice_.Below(10);
  const Ms takes = kind < 6 ? dice_.Between(1, 50) : kind < 9 ? dice_.Between(50, 1000) : dice_.Between(1000, 3000);
  const int where = dice_.Chance(300) ? static_cast<int>(dice_.Below(profile_.replicas)) : replica;
  queue_.Add(now_ + takes, What::kFillLands, where, fills_.size());
  fills_.push_back({value, token});
}

void World::SetWithoutToken(int replica, int question) {
  const Value value{static_cast<uint8_t>(question), static_cast<uint8_t>(dice_.Below(1 << kTags)),
                    static_cast<uint8_t>(replica), moment_};
  fills_.push_back({value, nodes_[replica].table.Now()});
  Land(replica, fills_.size() - 1);
}

void World::Land(int replica, size_t index) {
  const Fill& fill = fills_[index];
  Node& node = nodes_[replica];
  const bool accepted = node.table.Set(fill.value, fill.token);
  Say("replica ", replica, accepted ? " stores " : " refuses ", fill.value, " ", fill.token);
  ++(accepted ? totals_.landed : totals_.refused);
  if (!accepted) return;
  checker_.OnAccepted(replica, fill.value);
  if (!node.table.UsesShared(now_) || dice_.Chance(profile_.write_lost)) return;
  const bool late = dice_.Chance(profile_.write_late);
  queue_.Add(now_ + dice_.Between(1, late ? 3000 : 25), What::kWriteAtRedis, replica, index);
}

void World::WriteAtRedis(int replica, const Fill& fill) {
  if (Partitioned(nodes_[replica]) || now_ < entries_down_until_) return;
  Say("Redis: entry ", fill.value, " ", fill.token);
  redis_.entries()[fill.value.question] = {true, fill.value, fill.token};
}

void World::Serve(int replica, int question, const Value& value, bool from_memory) {
  const Node& node = nodes_[replica];
  const bool degraded = node.table.Stale(now_);
  ++(from_memory ? totals_.memory_hits : totals_.shared_hits);
  if (degraded) ++totals_.degraded_hits;
  Say("replica ", replica, " serves ", value, " from ", from_memory ? "memory" : "Redis", degraded ? ", degraded" : "");
  checker_.OnServed({.replica = replica,
                     .asked = question,
                     .value = value,
                     .now = now_,
                     .from_memory = from_memory,
                     .degraded = degraded,
                     .link_was_sound = Sound(node)});
}

}  // namespace paracle::model

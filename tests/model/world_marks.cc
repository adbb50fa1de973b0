// The mark connection of each replica, and the messages.
#include <algorithm>

#include "tests/model/world.h"

namespace paracle::model {

void World::Connect(int replica) {
  Node& node = nodes_[replica];
  if (node.connected) return;
  if (Partitioned(node) || now_ < marks_down_until_) {
    Trouble(node, now_);
    queue_.Add(now_ + dice_.Between(20, 100), What::kConnect, replica, 0);
    return;
  }
  node.connected = true;
  node.reads_under_way = 0;
  node.last_request_due = node.last_reply_due = 0;
  Trouble(node, now_);
  SendRead(replica);
}

void World::LoseConnection(int replica) {
  Node& node = nodes_[replica];
  Trouble(node, now_);
  if (!node.connected) return;
  Say("replica ", replica, " loses its mark connection");
  node.connected = false;
  const int lost = node.connection++;
  queue_.Add(now_ + dice_.Between(1, 100), What::kConnect, replica, 0);
  for (MarkCall& call : calls_) {
    if (call.replica != replica || call.connection != lost || !call.add || call.settled) continue;
    call.settled = true;
    if (call.incarnation == node.incarnation) AnswerUnavailable(replica, call.name, call.called);
  }
}

void World::Poll(int replica) {
  queue_.Add(now_ + 500, What::kPoll, replica, 0);
  if (rules_.polling && nodes_[replica].connected) SendRead(replica);
}

void World::SendRead(int replica) {
  ++nodes_[replica].reads_under_way;
  SendMarkCall(replica, {});
}

void World::SendMarkCall(int replica, MarkCall call) {
  Node& node = nodes_[replica];
  call.replica = replica;
  call.connection = node.connection;
  call.incarnation = node.incarnation;
  call.known = node.table.WhatIsKnown();
  call.began = now_;
  Ms due = now_ + MarkDelay(replica);
  if (rules_.one_ordered_mark_connection) due = node.last_request_due = std::max(due, node.last_request_due);
  queue_.Add(due, What::kMarkCallAtRedis, replica, calls_.size());
  calls_.push_back(call);
}

void World::MarkCallAtRedis(int replica, MarkCall& call, size_t index) {
  Node& node = nodes_[replica];
  const bool current = call.connection == node.connection;
  if (!current && dice_.Chance(500)) return;  // died with its connection
  if (Partitioned(node) || now_ < marks_down_until_) {
    if (current) LoseConnection(replica);
    return;
  }
  Execute(call);
  Ms due = now_ + MarkDelay(replica);
  if (rules_.one_ordered_mark_connection && current) due = node.last_reply_due = std::max(due, node.last_reply_due);
  queue_.Add(due, What::kMarkReply, replica, index);
}

void World::Execute(MarkCall& call) {
  const EpochId before = redis_.marks().epoch;
  if (call.add) {
    Message message;
    call.page = redis_.Add(call.name, call.known, EpochFor(call), &message);
    Publish(message);
  } else {
    call.page = redis_.Read(call.known, EpochFor(call));
  }
  if (redis_.marks().epoch != before) ++totals_.epochs;
  if (!call.page.complete) ++totals_.pages_cut;
  const Page& page = call.page;
  Say("Redis: ", call.add ? "add" : "read", " of replica ", call.replica, " knowing e", call.known.epoch, " ",
      call.known.seq, " -> ", before != page.epoch ? "new epoch, " : "", "page e", page.epoch, " (", page.from, ", ",
      page.to, "] floor ", page.floor, page.complete ? "" : " cut");
}

EpochId World::EpochFor(const MarkCall& call) {
  if (rules_.every_epoch_is_fresh) return FreshEpoch();
  constexpr EpochId kBeyondFreshOnes = 1'000'000;
  return kBeyondFreshOnes + call.replica * 1000 + call.incarnation;
}

void World::MarkReply(int replica, MarkCall& call, size_t index) {
  Node& node = nodes_[replica];
  const bool current = call.connection == node.connection;
  if (call.incarnation != node.incarnation) return;
  if (!current && rules_.one_ordered_mark_connection) return;
  if (Partitioned(node)) return LoseConnection(replica);
  if (current && !call.add) --node.reads_under_way;
  if (call.add && !call.settled && !rules_.acknowledge_after_learning) {
    Acknowledge(replica, call);
    queue_.Add(now_ + dice_.Between(0, 100), What::kLateLearning, replica, index);
    return;
  }
  const bool learned = Learn(replica, call);
  if (call.add && !call.settled) Settle(replica, call, learned);
  if (current && (!learned || !call.page.complete) && node.reads_under_way == 0) SendRead(replica);
}

bool World::Learn(int replica, const MarkCall& call) {
  const bool learned = nodes_[replica].table.Learn(call.page, call.began, now_);
  if (!learned) ++totals_.pages_ignored;
  Say("replica ", replica, learned ? " learns" : " ignores", " page e", call.page.epoch, " (", call.page.from, ", ",
      call.page.to, "]");
  return learned;
}

void World::Settle(int replica, MarkCall& call, bool learned) {
  if (learned) return Acknowledge(replica, call);
  call.settled = true;
  AnswerUnavailable(replica, call.name, call.called);
}

void World::Acknowledge(int replica, MarkCall& call) {
  call.settled = true;
  ++totals_.acknowledged;
  Say("replica ", replica, " acknowledges Invalidate(", NameOfMark{call.name}, ") called at #", call.called);
  checker_.OnAcknowledged(replica, call.name, call.called, now_);
}

void World::AnswerUnavailable(int replica, int name, Moment called) {
  ++totals_.unavailable;
  Say("replica ", replica, " answers UNAVAILABLE to Invalidate(", NameOfMark{name}, ") called at #", called);
  nodes_[replica].table.InvalidateLocally(name);
  checker_.OnAppliedLocally(replica, name, called);
}

void World::Invalidate(int replica, int name) {
  Say("Invalidate(", NameOfMark{name}, ") at replica ", replica);
  if (!nodes_[replica].connected) return AnswerUnavailable(replica, name, moment_);
  SendMarkCall(replica, {.add = true, .name = name, .called = moment_});
}

void World::Publish(const Message& message) {
  messages_.push_back(message);
  for (int replica = 0; replica < profile_.replicas; ++replica) {
    for (int copies = dice_.Chance(profile_.message_doubled) ? 2 : 1; copies > 0; --copies) {
      if (dice_.Chance(profile_.message_lost)) continue;
      const Ms slowest = !dice_.Chance(profile_.message_late) ? 15 : dice_.Chance(500) ? 200 : 3000;
      queue_.Add(now_ + dice_.Between(1, slowest), What::kMessage, replica, messages_.size() - 1);
    }
  }
}

void World::Hear(int replica, const Message& message) {
  Node& node = nodes_[replica];
  if (Partitioned(node)) return;
  const bool used = node.table.Hear(message);
  Say("replica ", replica, used ? " hears" : " cannot use", " e", message.epoch, " ", message.seq, " ",
      NameOfMark{message.name});
  if (!used && rules_.polling && node.connected && node.reads_under_way == 0) SendRead(replica);
}

Ms World::MarkDelay(int replica) {
  if (!dice_.Chance(profile_.reply_stuck)) return dice_.Between(1, 15);
  const Ms delay = dice_.Between(300, 4000);
  Trouble(nodes_[replica], now_ + delay);
  return delay;
}

}  // namespace paracle::model

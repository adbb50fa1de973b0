// LeaseModel says what a LeaseTable must do, in the plainest way: everything is looked for everywhere. Not thread-safe.
#ifndef PARACLE_TESTS_CACHECORE_LEASE_MODEL_H_
#define PARACLE_TESTS_CACHECORE_LEASE_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "cachecore/lease_table.h"
#include "tests/cachecore/lease_call_access.h"

namespace paracle::cachecore {

class LeaseModel {
 public:
  static constexpr int64_t kNever = LeaseTable::kNever;
  using Line = std::vector<LeaseCall*>;

  struct Question {
    uint64_t lease = 0;  // 0: none.
    std::string holder;
    int64_t until = 0;
    bool filling = false;
    uint64_t filled = 0;
    int64_t forget_at = 0;
    std::deque<TableCall*> line;
    bool asking = false;
    int64_t look_at = kNever;

    bool empty() const { return lease == 0 && filled == 0 && line.empty() && !asking; }
    int64_t due() const {
      int64_t due = kNever;
      if (lease != 0 && !filling) due = until;
      if (filled != 0) due = std::min(due, forget_at);
      if (!line.empty() && !asking) due = std::min(due, look_at);
      return due;
    }
  };

  LeaseModel(const LeaseTableLimits& limits, int questions) : limits_(limits) {
    for (int i = 0; i < questions; ++i) questions_[i];
  }

  Question& Of(int question) { return questions_[question]; }

  size_t held() const {
    return Count([](const Question& q) { return q.lease != 0; });
  }
  size_t held_by(const std::string& holder) const {
    return Count([&](const Question& q) { return q.lease != 0 && q.holder == holder; });
  }
  size_t questions() const {
    return Count([](const Question& q) { return !q.empty(); });
  }
  size_t waiting(const std::string& ns = "") const {
    size_t waiting = 0;
    for (const auto& [name, question] : questions_) {
      for (const TableCall* call : question.line) waiting += ns.empty() || call->ns == ns ? 1 : 0;
    }
    return waiting;
  }
  int64_t next_due() const {
    int64_t next = kNever;
    for (const auto& [name, question] : questions_) {
      next = std::min(next, question.due());
      for (const TableCall* call : question.line) next = std::min(next, LeaseCallAccess::until(*call));
    }
    return next;
  }
  bool MayHold(const std::string& holder) const {
    return held() < limits_.max_leases && held_by(holder) < limits_.max_leases_per_holder;
  }

  void Give(int question, const std::string& holder, uint64_t lease, int64_t until) {
    Question& q = Of(question);
    q.lease = lease;
    q.holder = holder;
    q.until = until;
    q.filling = false;
    q.filled = 0;
  }
  void TakeBack(int question) {
    Of(question).lease = 0;
    Of(question).filling = false;
  }

  LeaseTable::Claimed Claim(int question, const std::string& holder, uint64_t lease, int64_t until, int64_t now,
                            uint64_t dead) {
    Question& q = Of(question);
    if (q.lease != 0 && (q.filling || (q.until > now && q.lease != dead))) return LeaseTable::Claimed::kHeld;
    TakeBack(question);
    if (!MayHold(holder)) return LeaseTable::Claimed::kRefused;
    Give(question, holder, lease, until);
    return LeaseTable::Claimed::kGiven;
  }

  LeaseTable::Fill BeginFill(int question, uint64_t lease, int64_t now) {
    Question& q = Of(question);
    if (q.lease == lease && (q.filling || q.until > now)) {
      q.filling = true;
      return LeaseTable::Fill::kCurrent;
    }
    return q.filled == lease && q.lease == 0 ? LeaseTable::Fill::kRepeated : LeaseTable::Fill::kLost;
  }

  Line EndFill(int question, uint64_t lease, int64_t now) {
    Question& q = Of(question);
    if (lease != 0 && q.lease == lease) {
      TakeBack(question);
      if (Count([](const Question& other) { return other.filled != 0; }) < limits_.max_leases) {
        q.filled = lease;
        q.forget_at = now + LeaseTable::kRememberFillNanos;
      }
    }
    Line line(q.line.begin(), q.line.end());
    q.line.clear();
    return line;
  }

  Line End(int question, uint64_t lease) {
    if (Of(question).lease == lease) TakeBack(question);
    return Of(question).lease == 0 ? TakeFirst(question) : Line();
  }

  LeaseTable::Waiting Wait(int question, TableCall& call, bool asks_for_all, int64_t look_at) {
    if (waiting() >= limits_.max_waiters || waiting(call.ns) >= limits_.max_waiters_per_namespace) {
      return LeaseTable::Waiting::kFull;
    }
    Question& q = Of(question);
    if (asks_for_all) {
      q.asking = false;
      q.look_at = look_at;
      q.line.push_front(&call);
    } else {
      q.look_at = q.line.empty() && !q.asking ? look_at : std::min(q.look_at, look_at);
      q.line.push_back(&call);
    }
    return LeaseTable::Waiting::kWaiting;
  }

  Line TakeFirst(int question) {
    Question& q = Of(question);
    if (q.asking || q.line.empty()) return {};
    q.asking = true;
    TableCall* const first = q.line.front();
    q.line.pop_front();
    return {first};
  }

  bool Remove(int question, TableCall& call) {
    auto& line = Of(question).line;
    const auto found = std::find(line.begin(), line.end(), &call);
    if (found == line.end()) return false;
    line.erase(found);
    return true;
  }

  void AskedForAll(int question, int64_t look_at) {
    Of(question).asking = false;
    Of(question).look_at = look_at;
  }

  struct Due {
    Line over, ask;
    std::vector<uint64_t> ended;
  };
  Due Advance(int64_t now) {
    Due due;
    for (auto& [name, q] : questions_) {
      std::erase_if(q.line, [&](TableCall* call) {
        if (LeaseCallAccess::until(*call) > now) return false;
        due.over.push_back(call);
        return true;
      });
    }
    for (auto& [name, q] : questions_) {
      if (q.lease != 0 && !q.filling && q.until <= now) {
        due.ended.push_back(q.lease);
        TakeBack(name);
        q.look_at = now;
      }
      if (!q.line.empty() && !q.asking && q.look_at <= now) due.ask.push_back(TakeFirst(name)[0]);
      if (q.forget_at <= now) q.filled = 0;
    }
    return due;
  }

 private:
  template <typename Condition>
  size_t Count(Condition condition) const {
    return static_cast<size_t>(
        std::count_if(questions_.begin(), questions_.end(), [&](const auto& each) { return condition(each.second); }));
  }

  const LeaseTableLimits limits_;
  std::map<int, Question> questions_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_LEASE_MODEL_H_

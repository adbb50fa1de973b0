#ifndef PARACLE_TESTS_MODEL_EVENTS_H_
#define PARACLE_TESTS_MODEL_EVENTS_H_

// What is under way in the world: events by due time, in the order they were made when due together; and what each of
// them is about. Nothing is freed within a schedule, so an event names its subject by index.

#include <algorithm>
#include <vector>

#include "tests/model/domain.h"
#include "tests/model/redis.h"

namespace paracle::model {

enum class What : uint8_t {
  kPoll,
  kConnect,
  kMarkCallAtRedis,
  kMarkReply,
  kLateLearning,  // only with acknowledge_after_learning taken out
  kMessage,
  kReadAtRedis,
  kReadReply,
  kPromotion,
  kWriteAtRedis,
  kFillLands,
};

struct Event {
  Ms due;
  uint32_t order;
  What what;
  int replica;
  size_t subject;
};

class EventQueue {
 public:
  void Clear() { events_.clear(), made_ = 0; }
  void Add(Ms due, What what, int replica, size_t subject) {
    events_.push_back({due, made_++, what, replica, subject});
    std::push_heap(events_.begin(), events_.end(), Later);
  }
  bool DueBy(Ms now) const { return !events_.empty() && events_.front().due <= now; }
  Event Take() {
    std::pop_heap(events_.begin(), events_.end(), Later);
    const Event event = events_.back();
    events_.pop_back();
    return event;
  }

 private:
  static bool Later(const Event& a, const Event& b) { return a.due != b.due ? a.due > b.due : a.order > b.order; }

  std::vector<Event> events_;
  uint32_t made_ = 0;
};

// A read or an add on a replica's mark connection.
struct MarkCall {
  int replica = 0;
  bool add = false;
  bool settled = false;  // the caller of an Invalidate has its answer
  int name = 0;
  int connection = 0;   // of this number, of this replica
  int incarnation = 0;  // of the replica's process
  Known known = {};
  Ms began = 0;
  Moment called = 0;
  Page page = {};
};

// A Get that asks Redis, until its answer is promoted.
struct EntryRead {
  int question = 0;
  int incarnation = 0;
  Token token = {};
  Moment began = 0;
  Ms started = 0;
  Entry found = {};
};

struct Fill {
  Value value;
  Token token;
};

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_EVENTS_H_

#ifndef PARACLE_TESTS_MODEL_REDIS_H_
#define PARACLE_TESTS_MODEL_REDIS_H_

// The Redis of the model: entries, and the marks with the two scripts of the protocol. What Lua does atomically is one
// call here. Entries and marks may live on two servers (a Cluster), so each can be lost or set back without the other.
// A server that was restarted or promoted has a new replication id ("history"), as Redis has.

#include <array>

#include "tests/model/domain.h"
#include "tests/model/rules.h"

namespace paracle::model {

// What a caller says it knows, as of when it sent its call.
struct Known {
  EpochId epoch = 0;
  Seq seq = 0;
};

struct Page {
  EpochId epoch = 0;
  Seq from = 0;
  Seq to = 0;
  Seq floor = 0;
  bool complete = true;  // nothing above `to` existed
  Marks marks{};         // those in (from, to]
};

struct Message {
  EpochId epoch = 0;
  Seq seq = 0;
  uint8_t name = 0;
};

// The hash H and the sorted set Z.
struct MarkState {
  bool hash_present = false;
  EpochId epoch = 0;
  uint32_t history = 0;
  Seq seq = 0;
  Seq floor = 0;
  int count = 0;
  Marks set{};
};

using Entries = std::array<Entry, kQuestions>;

class Redis {
 public:
  explicit Redis(const Rules& rules) : rules_(rules) {}

  // An empty server that keeps at most `max_marks` marks and cuts pages at `page_limit` of them.
  void Begin(int max_marks, int page_limit);

  Page Read(Known known, EpochId fresh);
  // Places a mark; `published` is what subscribers are told.
  Page Add(int name, Known known, EpochId fresh, Message* published);

  // Another server process answers for the marks from now on, with this state.
  void ReplaceMarks(const MarkState& state);
  // Eviction of one key, alone.
  void EvictSet() { marks_.set = {}; }
  void EvictHash() { marks_.hash_present = false; }

  const MarkState& marks() const { return marks_; }
  Entries& entries() { return entries_; }

 private:
  void Enter(Known known, EpochId fresh);
  bool NeedsNewEpoch(Known known) const;
  void BeginEpoch(Known known, EpochId fresh);
  Page PageFor(Known known, bool whole) const;
  void Cut(Page& page) const;
  void Trim();

  const Rules& rules_;
  int max_marks_ = 0;
  int page_limit_ = 0;
  uint32_t history_ = 1;
  MarkState marks_;
  Entries entries_;
};

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_REDIS_H_

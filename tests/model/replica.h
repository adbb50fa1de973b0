#ifndef PARACLE_TESTS_MODEL_REPLICA_H_
#define PARACLE_TESTS_MODEL_REPLICA_H_

// One replica of the service: its table of marks and its memory tier. Pure: it is told what arrived and what time it
// is; connections, delays and losses are the world's (world.h).

#include <array>
#include <optional>

#include "tests/model/domain.h"
#include "tests/model/redis.h"
#include "tests/model/rules.h"

namespace paracle::model {

inline constexpr Ms kStaleAfter = 1500;

// Between two numbers of Redis there is room for ours: what is invalidated here while Redis is away.
inline constexpr int kLocalBits = 8;
inline constexpr Seq Ours(Seq shared) { return shared << kLocalBits; }
inline constexpr Seq Shared(Seq ours) { return ours >> kLocalBits; }

class Replica {
 public:
  Replica(const Rules& rules, bool strict, int max_marks) : rules_(rules), strict_(strict), max_marks_(max_marks) {}

  // A new process. `own_epoch` stands in until the first page.
  void Start(EpochId own_epoch);

  // A page of a call sent at `began`. False: ignored, so nothing may be concluded from it.
  bool Learn(const Page& page, Ms began, Ms now);
  // False: the next read should hurry.
  bool Hear(const Message& message);
  // Redis is away: forget here alone what the mark would have forgotten everywhere.
  void InvalidateLocally(int name);

  Token Now() const { return {epoch_, latest_}; }
  Known WhatIsKnown() const { return {epoch_, Shared(latest_)}; }
  bool Stale(Ms now) const { return now - last_read_began_ > kStaleAfter; }
  bool UsesShared(Ms now) const { return !rules_.stale_marks_stop_the_shared_tier || !Stale(now); }

  std::optional<Value> FromMemory(int question, Ms now);
  // May an entry that came from Redis be served as the answer to `question`?
  bool Accepts(const Entry& entry, int question) const;
  void Promote(const Entry& entry, int question);
  // False: refused.
  bool Set(const Value& value, Token token);

 private:
  void Fold();
  bool Valid(const Value& value, Token token, bool any_epoch) const;

  const Rules& rules_;
  const bool strict_;
  const int max_marks_;
  EpochId epoch_ = 0;
  Seq latest_ = 0;
  Seq floor_ = 0;
  Marks marks_{};
  Ms last_read_began_ = -kStaleAfter - 1;
  std::array<Entry, kQuestions> memory_{};  // by question
};

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_REPLICA_H_

#ifndef PARACLE_TESTS_MODEL_CHECKER_H_
#define PARACLE_TESTS_MODEL_CHECKER_H_

// Watches one schedule from outside and knows nothing of tokens, marks or epochs: only which answer was served when and
// where, when its fill began, and which invalidations were acknowledged.
//
//   P1  an answer to another question.
//   P3  an answer whose fill began before an Invalidate was called, served or accepted at the replica that acknowledged
//       that Invalidate, at any time after.
//   P7  such an answer served by any other replica more than 2 s after the acknowledgement. Excused only if it came
//   from
//       memory, says that it is degraded, consistency is `available`, and the replica's way to Redis was not sound
//       throughout the last 2 s.
//   Local: Redis was away and the Invalidate answered UNAVAILABLE, yet the replica that was asked, not restarted since,
//       serves a fill of its own that began before.

#include <array>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/model/domain.h"

namespace paracle::model {

inline constexpr Ms kSeenWithin = 2000;

struct Served {
  int replica = 0;
  int asked = 0;
  Value value;
  Ms now = 0;
  bool from_memory = false;
  bool degraded = false;
  bool link_was_sound = false;  // for the last kSeenWithin
};

class Checker {
 public:
  void Begin(bool strict);

  void OnAcknowledged(int replica, int name, Moment called, Ms now) {
    acknowledged_.push_back({replica, name, called, now});
  }
  void OnAppliedLocally(int replica, int name, Moment called) { local_.push_back({replica, name, called, 0}); }
  void OnServed(const Served& served);
  void OnAccepted(int replica, const Value& value);
  void OnRestarted(int replica, Moment moment) { started_[replica] = moment; }

  bool violated() const { return !violation_.empty(); }
  const std::string& violation() const { return violation_; }

 private:
  struct Invalidation {
    int replica;
    int name;
    Moment called;
    Ms acknowledged;
  };

  bool Overdue(const Invalidation& done, const Served& served) const;
  void CheckLocal(const Served& served);
  void Violate(absl::string_view what, int replica, const Value& value, const Invalidation& done);

  bool strict_ = false;
  std::array<Moment, kMaxReplicas> started_{};
  std::vector<Invalidation> acknowledged_;
  std::vector<Invalidation> local_;
  std::string violation_;
};

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_CHECKER_H_

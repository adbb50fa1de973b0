#include "tests/model/checker.h"

#include "absl/strings/str_cat.h"

namespace paracle::model {

void Checker::Begin(bool strict) {
  strict_ = strict;
  started_ = {};
  acknowledged_.clear();
  local_.clear();
  violation_.clear();
}

void Checker::OnServed(const Served& served) {
  if (served.value.question != served.asked) {
    violation_ = absl::StrCat("P1: replica ", served.replica, " answers question ", served.asked, " with ",
                              Describe(served.value));
  }
  for (const Invalidation& done : acknowledged_) {
    if (served.value.began >= done.called || !Concerns(done.name, served.value)) continue;
    if (done.replica == served.replica) Violate("P3: served by", served.replica, served.value, done);
    if (Overdue(done, served)) Violate("P7: served by", served.replica, served.value, done);
  }
  CheckLocal(served);
}

void Checker::OnAccepted(int replica, const Value& value) {
  for (const Invalidation& done : acknowledged_) {
    if (done.replica != replica || value.began >= done.called || !Concerns(done.name, value)) continue;
    Violate("P3: a late Set accepted by", replica, value, done);
  }
}

bool Checker::Overdue(const Invalidation& done, const Served& served) const {
  if (served.now <= done.acknowledged + kSeenWithin) return false;
  return strict_ || !served.from_memory || !served.degraded || served.link_was_sound;
}

void Checker::CheckLocal(const Served& served) {
  const Value& value = served.value;
  if (value.asked_at != served.replica || value.began < started_[served.replica]) return;
  for (const Invalidation& done : local_) {
    const bool here = done.replica == served.replica && done.called > started_[served.replica];
    if (!here || value.began >= done.called || !Concerns(done.name, value)) continue;
    Violate("Local: served by", served.replica, value, done);
  }
}

void Checker::Violate(absl::string_view what, int replica, const Value& value, const Invalidation& done) {
  violation_ = absl::StrCat(what, " replica ", replica, ": ", Describe(value), " although ",
                            Describe(NameOfMark{done.name}), " was invalidated at replica ", done.replica, " at #",
                            done.called, ", answered at ", done.acknowledged, " ms");
}

}  // namespace paracle::model

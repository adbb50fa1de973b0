#include "tests/model/redis.h"

#include <algorithm>

namespace paracle::model {
namespace {

int Size(const Marks& set) {
  return static_cast<int>(std::count_if(set.begin(), set.end(), [](Seq seq) { return seq != 0; }));
}

}  // namespace

void Redis::Begin(int max_marks, int page_limit) {
  max_marks_ = max_marks;
  page_limit_ = page_limit;
  history_ = 1;
  marks_ = {};
  entries_ = {};
}

Page Redis::Read(Known known, EpochId fresh) {
  Enter(known, fresh);
  return PageFor(known, false);
}

Page Redis::Add(int name, Known known, EpochId fresh, Message* published) {
  Enter(known, fresh);
  if (marks_.set[name] == 0) ++marks_.count;
  marks_.set[name] = ++marks_.seq;
  Trim();
  *published = {marks_.epoch, marks_.seq, static_cast<uint8_t>(name)};
  return PageFor(known, rules_.pages_of_adds_are_never_cut);
}

void Redis::ReplaceMarks(const MarkState& state) {
  ++history_;
  marks_ = state;
}

void Redis::Enter(Known known, EpochId fresh) {
  if (NeedsNewEpoch(known)) BeginEpoch(known, fresh);
  const bool behind = known.epoch != marks_.epoch && known.seq >= marks_.seq;
  if (behind && rules_.numbers_never_go_back) marks_.seq = known.seq + 1;
}

bool Redis::NeedsNewEpoch(Known known) const {
  if (!marks_.hash_present) return true;
  if (rules_.new_epoch_when_history_changes && marks_.history != history_) return true;
  if (rules_.new_epoch_when_marks_are_gone && Size(marks_.set) != marks_.count) return true;
  return rules_.new_epoch_when_caller_is_ahead && known.epoch == marks_.epoch && known.seq > marks_.seq;
}

void Redis::BeginEpoch(Known known, EpochId fresh) {
  Seq last = marks_.hash_present ? marks_.seq : 0;
  if (rules_.numbers_never_go_back) last = std::max(last, known.seq);
  marks_ = {.hash_present = true, .epoch = fresh, .history = history_, .seq = last + 1, .floor = last + 1};
}

Page Redis::PageFor(Known known, bool whole) const {
  const bool same = known.epoch == marks_.epoch;
  Page page{.epoch = marks_.epoch, .from = known.seq, .to = marks_.seq, .floor = marks_.floor};
  if (!same && rules_.other_epochs_from_the_floor) page.from = marks_.floor;
  for (int name = 0; name < kNames; ++name) {
    if (marks_.set[name] > page.from) page.marks[name] = marks_.set[name];
  }
  if (!whole && (same || !rules_.other_epochs_are_never_cut)) Cut(page);
  return page;
}

void Redis::Cut(Page& page) const {
  for (int size = Size(page.marks); size > page_limit_; --size) {
    auto newest = std::max_element(page.marks.begin(), page.marks.end());
    *newest = 0;
    page.to = *std::max_element(page.marks.begin(), page.marks.end());
    page.complete = false;
  }
}

void Redis::Trim() {
  for (; marks_.count > max_marks_; --marks_.count) {
    Seq* oldest = nullptr;
    for (Seq& seq : marks_.set) {
      if (seq != 0 && (oldest == nullptr || seq < *oldest)) oldest = &seq;
    }
    if (oldest == nullptr) return;  // evicted alone: the count lies
    marks_.floor = std::max(marks_.floor, *oldest);
    *oldest = 0;
  }
}

}  // namespace paracle::model

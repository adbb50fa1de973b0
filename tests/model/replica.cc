#include "tests/model/replica.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace paracle::model {

void Replica::Start(EpochId own_epoch) {
  epoch_ = rules_.own_epoch_before_the_first_page ? own_epoch : 0;
  latest_ = floor_ = 0;
  marks_ = {};
  last_read_began_ = -kStaleAfter - 1;
  memory_ = {};
}

bool Replica::Learn(const Page& page, Ms began, Ms now) {
  if (page.epoch == epoch_) {
    if (rules_.pages_have_no_gaps && page.from > Shared(latest_)) return false;
    latest_ = std::max(latest_, Ours(page.to));
  } else {
    if (rules_.other_epochs_must_be_ahead && Ours(page.to) <= latest_) return false;
    epoch_ = page.epoch;
    latest_ = Ours(page.to);
    floor_ = 0;
    marks_ = {};
  }
  for (int name = 0; name < kNames; ++name) marks_[name] = std::max(marks_[name], Ours(page.marks[name]));
  floor_ = std::max(floor_, Ours(page.floor));
  Fold();
  const Ms as_of = rules_.freshness_counts_from_the_beginning ? began : now;
  if (page.complete || !rules_.only_complete_pages_are_fresh) last_read_began_ = std::max(last_read_began_, as_of);
  return true;
}

bool Replica::Hear(const Message& message) {
  if (rules_.messages_name_their_epoch && message.epoch != epoch_) return false;
  if (message.seq <= Shared(latest_)) return true;
  if (rules_.messages_only_in_order && message.seq != Shared(latest_) + 1) return false;
  marks_[message.name] = latest_ = Ours(message.seq);
  Fold();
  return true;
}

void Replica::InvalidateLocally(int name) {
  marks_[name] = latest_ + 1;
  if (rules_.local_invalidate_takes_a_number) ++latest_;
  Fold();
}

void Replica::Fold() {
  if (max_marks_ >= kNames) return;
  Marks sorted = marks_;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  if (sorted[max_marks_ - 1] == 0) return;
  const Seq newest_forgotten = sorted[max_marks_ / 2];
  for (Seq& mark : marks_) {
    if (mark <= newest_forgotten) mark = 0;
  }
  if (rules_.folding_raises_the_floor) floor_ = std::max(floor_, newest_forgotten);
}

std::optional<Value> Replica::FromMemory(int question, Ms now) {
  Entry& entry = memory_[question];
  if (!entry.present) return std::nullopt;
  if (strict_ && Stale(now) && rules_.strict_stops_memory) return std::nullopt;
  if (!rules_.validate_at_read || entry.valid_from >= latest_) return entry.value;
  entry.present = Valid(entry.value, entry.token, !rules_.memory_dies_with_its_epoch);
  if (!entry.present) return std::nullopt;
  entry.valid_from = latest_;
  return entry.value;
}

bool Replica::Accepts(const Entry& entry, int question) const {
  if (!entry.present) return false;
  if (rules_.entries_name_their_question && entry.value.question != question) return false;
  return Valid(entry.value, entry.token, !rules_.shared_entries_die_with_their_epoch);
}

void Replica::Promote(const Entry& entry, int question) {
  const Token token = rules_.promoted_entries_keep_their_token ? entry.token : Now();
  const bool any_epoch = !rules_.shared_entries_die_with_their_epoch;
  if (rules_.checked_again_under_the_promotion && !Valid(entry.value, token, any_epoch)) return;
  memory_[question] = {true, entry.value, token, latest_};
}

bool Replica::Set(const Value& value, Token token) {
  if (rules_.set_checks_token && !Valid(value, token, false)) return false;
  memory_[value.question] = {true, value, token, latest_};
  return true;
}

bool Replica::Valid(const Value& value, Token token, bool any_epoch) const {
  if (token.epoch != epoch_ && !any_epoch) return false;
  if (rules_.tokens_from_ahead_wait && token.seq > latest_) return false;
  if (rules_.floor_refuses_old_tokens && token.seq < floor_) return false;
  for (Names names = NamesOf(value); names != 0; names &= names - 1) {
    if (marks_[std::countr_zero(names)] > token.seq) return false;
  }
  return true;
}

}  // namespace paracle::model

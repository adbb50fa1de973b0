#include "cachecore/lease_table.h"

#include <algorithm>

namespace paracle::cachecore {
namespace {

void CountDown(absl::flat_hash_map<std::string, size_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

size_t CountIn(const absl::flat_hash_map<std::string, size_t>& counts, absl::string_view name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

uint64_t LeaseTable::Version(const EntryTag& tag) const {
  MutexLock lock(mutex_);
  return VersionOf(tag);
}

bool LeaseTable::MayHold(absl::string_view holder) const {
  MutexLock lock(mutex_);
  return RoomFor(holder);
}

std::optional<LeaseTable::Held> LeaseTable::HeldHere(const EntryTag& tag, int64_t now) const {
  MutexLock lock(mutex_);
  const Question* question = Find(tag);
  if (question == nullptr || question->token.lease == 0 || question->until <= now) return std::nullopt;
  const bool awaited = question->first != nullptr || question->asking;
  return Held{.token = question->token, .until = question->until, .awaited = awaited};
}

LeaseTable::ClaimResult LeaseTable::Claim(const LeaseCall& call, FillToken token, int64_t until, int64_t now,
                                          uint64_t dead) {
  MutexLock lock(mutex_);
  if (VersionOf(call.tag_) != call.version_) return {Claimed::kChanged, {}};
  Question& question = Of(call.tag_);
  const bool held = question.token.lease != 0 && (question.filling || question.until > now);
  if (held && (question.filling || question.token.lease != dead)) {
    return {Claimed::kHeld, {.token = question.token, .until = question.until}};
  }
  TakeBack(question);
  const bool room = RoomFor(call.holder);
  if (room) Give(question, call, token, until, now);
  Settle(question);
  return {room ? Claimed::kGiven : Claimed::kRefused, {}};
}

void LeaseTable::Record(const LeaseCall& call, FillToken token, int64_t until, int64_t now) {
  MutexLock lock(mutex_);
  Question& question = Of(call.tag_);
  TakeBack(question);
  Give(question, call, token, until, now);
  Settle(question);
}

bool LeaseTable::Renew(const EntryTag& tag, uint64_t lease, int64_t until, int64_t now) {
  MutexLock lock(mutex_);
  Question* const question = Find(tag);
  if (question == nullptr || question->token.lease != lease || question->until <= now) return false;
  question->until = until;
  Settle(*question);
  return true;
}

int64_t LeaseTable::GivenAt(const EntryTag& tag, uint64_t lease) const {
  MutexLock lock(mutex_);
  const Question* question = Find(tag);
  return question == nullptr || question->token.lease != lease ? 0 : question->given_at;
}

LeaseTable::Fill LeaseTable::BeginFill(const EntryTag& tag, uint64_t lease, int64_t now) {
  MutexLock lock(mutex_);
  Question* const question = Find(tag);
  if (question == nullptr) return Fill::kLost;
  if (question->token.lease == lease && (question->filling || question->until > now)) {
    question->filling = true;
    Settle(*question);
    return Fill::kCurrent;
  }
  return question->filled == lease && question->token.lease == 0 ? Fill::kRepeated : Fill::kLost;
}

LeaseTable::Line LeaseTable::EndFill(const EntryTag& tag, uint64_t lease, int64_t now) {
  MutexLock lock(mutex_);
  ++VersionOf(tag);
  Question* question = Find(tag);
  if (question == nullptr) return {};
  if (lease != 0 && question->token.lease == lease) {
    TakeBack(*question);
    RememberFill(*question, lease, now);
  }
  Line line;
  while (question->first != nullptr) {
    line.push_back(question->first);
    Unlink(*question, *question->first);
  }
  Settle(*question);
  return line;
}

LeaseTable::Line LeaseTable::TakeAwaiting(const EntryTag& tag, uint64_t lease, int64_t now) {
  MutexLock lock(mutex_);
  Line line;
  Question* const question = Find(tag);
  if (question == nullptr || question->token.lease != lease || question->until <= now) return line;
  for (LeaseCall* call = question->first; call != nullptr; call = call->next_) {
    if (call->awaits_ == lease) line.push_back(call);
  }
  for (LeaseCall* call : line) Unlink(*question, *call);
  Settle(*question);
  return line;
}

LeaseTable::Line LeaseTable::End(const EntryTag& tag, uint64_t lease, int64_t now) {
  MutexLock lock(mutex_);
  ++VersionOf(tag);
  Line line;
  Question* const question = Find(tag);
  if (question == nullptr) return line;
  // A lease that was given elsewhere has ended, or the one that was given here: in both cases it is worth asking. Not
  // when another one was given here since.
  if (question->token.lease == lease) TakeBack(*question);
  if (question->token.lease == 0) TakeFirst(*question, line);
  Settle(*question);
  return line;
}

LeaseTable::Waiting LeaseTable::Wait(LeaseCall& call, int64_t look_at) {
  MutexLock lock(mutex_);
  if (call.cancelled()) return Waiting::kCancelled;
  if (VersionOf(call.tag_) != call.version_) return Waiting::kChanged;
  if (waiting_.load(std::memory_order_relaxed) >= limits_.max_waiters ||
      CountIn(waiting_in_, call.ns) >= limits_.max_waiters_per_namespace) {
    return Waiting::kFull;
  }
  Question& question = Of(call.tag_);
  if (call.asks_for_all_) {
    question.asking = false;
    question.look_at = look_at;
  } else {
    question.look_at = std::min(question.look_at, look_at);
  }
  Append(question, call);
  Settle(question);
  return Waiting::kWaiting;
}

LeaseTable::Line LeaseTable::TakeFirst(const EntryTag& tag) {
  MutexLock lock(mutex_);
  ++VersionOf(tag);
  Line line;
  if (Question* const question = Find(tag)) {
    TakeFirst(*question, line);
    Settle(*question);
  }
  return line;
}

void LeaseTable::AskedForAll(const EntryTag& tag, int64_t look_at) {
  MutexLock lock(mutex_);
  Question* const question = Find(tag);
  if (question == nullptr) return;
  question->asking = false;
  question->look_at = look_at;
  Settle(*question);
}

bool LeaseTable::Remove(LeaseCall& call) {
  MutexLock lock(mutex_);
  if (!call.waiting_) return false;
  Question& question = Of(call.tag_);
  Unlink(question, call);
  Settle(question);
  return true;
}

LeaseTable::Line LeaseTable::TakeFirstOfEach(absl::string_view ns) {
  MutexLock lock(mutex_);
  // Who is about to enter a line of that namespace is not known.
  for (uint64_t& version : versions_) ++version;
  Line line;
  std::vector<Question*> concerned;
  for (const auto& [tag, question] : questions_) {
    if (question->first != nullptr && question->first->ns == ns) concerned.push_back(question.get());
  }
  for (Question* question : concerned) {
    TakeFirst(*question, line);
    Settle(*question);
  }
  return line;
}

LeaseTable::Line LeaseTable::TakeEverybody() {
  MutexLock lock(mutex_);
  Line line;
  while (!over_.empty()) {
    LeaseCall& call = *over_.begin()->second;
    Question& question = Of(call.tag_);
    Unlink(question, call);
    Settle(question);
    line.push_back(&call);
  }
  return line;
}

LeaseTable::Due LeaseTable::Advance(int64_t now) {
  MutexLock lock(mutex_);
  Due due;
  while (!over_.empty() && over_.begin()->first <= now) {
    LeaseCall& call = *over_.begin()->second;
    Question& question = Of(call.tag_);
    Unlink(question, call);
    Settle(question);
    due.over.push_back(&call);
  }
  while (!due_.empty() && due_.begin()->first <= now) {
    Question& question = *due_.begin()->second;
    if (question.token.lease != 0 && !question.filling && question.until <= now) {
      ++VersionOf(question.tag);
      due.ended.emplace_back(question.tag, question.token);
      TakeBack(question);
      question.look_at = now;
    }
    if (question.look_at <= now) TakeFirst(question, due.ask);
    if (question.forget_at <= now) ForgetFill(question);
    Settle(question);
  }
  return due;
}

size_t LeaseTable::questions() const {
  MutexLock lock(mutex_);
  return questions_.size();
}

LeaseTable::Question& LeaseTable::Of(const EntryTag& tag) {
  std::unique_ptr<Question>& question = questions_[tag];
  if (question == nullptr) {
    question = std::make_unique<Question>();
    question->tag = tag;
  }
  return *question;
}

LeaseTable::Question* LeaseTable::Find(const EntryTag& tag) const {
  const auto found = questions_.find(tag);
  return found == questions_.end() ? nullptr : found->second.get();
}

uint64_t& LeaseTable::VersionOf(const EntryTag& tag) const { return versions_[tag.Hash() % versions_.size()]; }

bool LeaseTable::RoomFor(absl::string_view holder) const {
  return held_.load(std::memory_order_relaxed) < limits_.max_leases &&
         CountIn(held_by_, holder) < limits_.max_leases_per_holder;
}

void LeaseTable::Give(Question& question, const LeaseCall& call, FillToken token, int64_t until, int64_t now) {
  question.token = token;
  question.given_at = now;
  question.until = until;
  question.holder = call.holder;
  ForgetFill(question);
  ++held_by_[question.holder];
  held_.fetch_add(1, std::memory_order_relaxed);
}

void LeaseTable::RememberFill(Question& question, uint64_t lease, int64_t now) {
  if (remembered_fills_ >= limits_.max_leases) return;
  ++remembered_fills_;
  question.filled = lease;
  question.forget_at = now + kRememberFillNanos;
}

void LeaseTable::ForgetFill(Question& question) {
  if (question.filled == 0) return;
  --remembered_fills_;
  question.filled = 0;
}

void LeaseTable::TakeBack(Question& question) {
  question.filling = false;
  if (question.token.lease == 0) return;
  question.token = {};
  CountDown(held_by_, question.holder);
  question.holder.clear();
  held_.fetch_sub(1, std::memory_order_relaxed);
}

// Whoever asked for all goes back to where it was.
void LeaseTable::Append(Question& question, LeaseCall& call) {
  const bool at_the_front = std::exchange(call.asks_for_all_, false);
  call.previous_ = at_the_front ? nullptr : question.last;
  call.next_ = at_the_front ? question.first : nullptr;
  (call.previous_ == nullptr ? question.first : call.previous_->next_) = &call;
  (call.next_ == nullptr ? question.last : call.next_->previous_) = &call;
  call.waiting_ = true;
  call.has_waited = true;
  over_.emplace(call.until_nanos_, &call);
  ++waiting_in_[call.ns];
  waiting_.fetch_add(1, std::memory_order_relaxed);
}

void LeaseTable::Unlink(Question& question, LeaseCall& call) {
  (call.previous_ == nullptr ? question.first : call.previous_->next_) = call.next_;
  (call.next_ == nullptr ? question.last : call.next_->previous_) = call.previous_;
  call.previous_ = call.next_ = nullptr;
  call.waiting_ = false;
  over_.erase({call.until_nanos_, &call});
  CountDown(waiting_in_, call.ns);
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

void LeaseTable::TakeFirst(Question& question, Line& line) {
  if (question.first == nullptr || question.asking) return;
  LeaseCall& call = *question.first;
  Unlink(question, call);
  call.asks_for_all_ = true;
  question.asking = true;
  line.push_back(&call);
}

void LeaseTable::Settle(Question& question) {
  if (question.first == nullptr && !question.asking) question.look_at = kNever;
  int64_t due = kNever;
  if (question.token.lease != 0 && !question.filling) due = question.until;
  if (question.filled != 0) due = std::min(due, question.forget_at);
  if (question.first != nullptr && !question.asking) due = std::min(due, question.look_at);
  if (question.due != due) {
    if (question.due != kNever) due_.erase({question.due, &question});
    if (due != kNever) due_.emplace(due, &question);
    question.due = due;
  }
  const bool empty =
      question.token.lease == 0 && question.filled == 0 && question.first == nullptr && !question.asking;
  if (empty) questions_.erase(EntryTag(question.tag));
  UpdateNextDue();
}

void LeaseTable::UpdateNextDue() {
  int64_t next = due_.empty() ? kNever : due_.begin()->first;
  if (!over_.empty()) next = std::min(next, over_.begin()->first);
  next_due_.store(next, std::memory_order_relaxed);
}

}  // namespace paracle::cachecore

#include "cachecore/recording_mirror.h"

#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "cachecore/recordings.h"

namespace paracle::cachecore {
namespace {

constexpr int64_t kLookNanos = 250'000'000;
constexpr int kMostUnread = 8;

}  // namespace

void RecordingMirror::Wake() {
  if (recording_->state() != Recording::State::kRunning) return;
  if (recording_->readers == 0) return Abort();  // Whoever comes later begins again.
  Fetch();
  owner_.WakeAt(owner_.clock().MonotonicNanos() + kLookNanos, weak_from_this());
}

void RecordingMirror::Fetch() {
  {
    MutexLock lock(mutex_);
    again_ = reading_;
    if (reading_) return;
    reading_ = true;
  }
  Read();
}

void RecordingMirror::Read() {
  shared_.Tail(id(), recording_->count(),
               [self = shared_from_this()](absl::StatusOr<RecordingTail> tail) { self->OnTail(tail); });
}

void RecordingMirror::OnTail(const absl::StatusOr<RecordingTail>& tail) {
  if (recording_->state() != Recording::State::kRunning) return;
  if (!tail.ok()) return OnUnread(tail.status());
  const bool still_held = tail->state == RecordingTail::Lease::kHeld && tail->lease == recording_->token().lease;
  if (!still_held) return Finish();
  if (!Take(tail->chunks)) return Abort();
  {
    MutexLock lock(mutex_);
    unread_ = 0;
    reading_ = std::exchange(again_, false) || !tail->chunks.empty();
    if (!reading_) return;
  }
  Read();
}

void RecordingMirror::OnUnread(const absl::Status& why) {
  bool give_up = !shared_.usable() || absl::IsDataLoss(why);
  {
    MutexLock lock(mutex_);
    reading_ = false;
    give_up |= ++unread_ >= kMostUnread;
  }
  if (give_up) Abort();
}

// False: there is no room for it.
bool RecordingMirror::Take(const std::vector<std::string>& chunks) {
  for (const std::string& chunk : chunks) {
    if (recording_->bytes() + chunk.size() > owner_.limits().max_answer_bytes) return false;
    if (owner_.Add(*recording_, std::make_shared<const std::string>(chunk)) != Recordings::Added::kYes) return false;
  }
  return true;
}

// Filled, and then perhaps more; or given up. Nothing is read any more.
void RecordingMirror::Finish() {
  owner_.cache().Get(id(), absl::InfiniteFuture(),
                     [self = shared_from_this()](GetOutcome outcome) { self->OnFinal(outcome); });
}

void RecordingMirror::OnFinal(const GetOutcome& outcome) {
  const auto* hit = std::get_if<Hit>(&outcome);
  if (hit == nullptr) return Abort();
  const Entry& entry = *hit->entry;
  const std::string so_far = recording_->Joined();
  // Perhaps another lease's, and then another answer.
  if (entry.content_type() != recording_->content_type() || !absl::StartsWith(entry.payload(), so_far)) return Abort();
  const absl::string_view rest = entry.payload().substr(so_far.size());
  if (!rest.empty() && !Take({std::string(rest)})) return Abort();
  recording_->Complete(
      {.origin = entry.origin(), .create_time = entry.create_time(), .expire_time = entry.expire_time()});
  owner_.Forget(*recording_);
}

void RecordingMirror::Abort() {
  recording_->Abort();
  owner_.Forget(*recording_);
}

}  // namespace paracle::cachecore

#include "cachecore/recording_mirror.h"

#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "cachecore/recordings.h"

namespace paracle::cachecore {
namespace {

constexpr int64_t kLookNanos = 250'000'000;

}  // namespace

bool RecordingMirror::Take(const RecordingTail& tail) {
  for (const std::string& chunk : tail.chunks) {
    const bool room = recording_->bytes() + chunk.size() <= owner_.limits().max_answer_bytes &&
                      owner_.Reserve(*recording_, chunk.size());
    if (!room) {
      Abort();
      return false;
    }
    recording_->Append(std::make_shared<const std::string>(chunk));
  }
  return true;
}

void RecordingMirror::Wake() {
  if (recording_->state() != Recording::State::kRunning) return;
  if (recording_->readers == 0) return Abort();  // Whoever comes later begins again.
  Fetch();
  owner_.WakeAt(owner_.clock().MonotonicNanos() + kLookNanos, weak_from_this());
}

// One at a time, so that chunks come in order.
void RecordingMirror::Fetch() {
  {
    MutexLock lock(mutex_);
    again_ = fetching_;
    if (fetching_) return;
    fetching_ = true;
  }
  shared_.Tail(id(), recording_->count(),
               [self = shared_from_this()](absl::StatusOr<RecordingTail> tail) { self->OnTail(tail); });
}

void RecordingMirror::OnTail(const absl::StatusOr<RecordingTail>& tail) {
  bool again = false;
  {
    MutexLock lock(mutex_);
    fetching_ = false;
    again = std::exchange(again_, false);
  }
  if (recording_->state() != Recording::State::kRunning) return;
  if (!tail.ok()) {
    // Without the shared tier nobody here would learn of the end.
    if (!shared_.usable()) Abort();
    return;
  }
  const bool still_held = tail->state == RecordingTail::Lease::kHeld && tail->lease == recording_->token().lease;
  if (!still_held) return Finish();
  if (!tail->recorded) return;
  if (!Take(*tail)) return;
  if (again || !tail->chunks.empty()) Fetch();
}

// Filled, and then perhaps more; or given up.
void RecordingMirror::Finish() {
  owner_.cache().Get(id(), absl::InfiniteFuture(), [self = shared_from_this()](GetOutcome outcome) {
    const auto* hit = std::get_if<Hit>(&outcome);
    const std::string so_far = self->recording_->Joined();
    if (hit == nullptr || !absl::StartsWith(hit->entry->payload(), so_far)) return self->Abort();
    const Entry& entry = *hit->entry;
    const absl::string_view rest = entry.payload().substr(so_far.size());
    if (!rest.empty()) self->recording_->Append(std::make_shared<const std::string>(rest));
    self->recording_->Complete(
        {.origin = entry.origin(), .create_time = entry.create_time(), .expire_time = entry.expire_time()});
    self->owner_.Forget(*self->recording_);
  });
}

void RecordingMirror::Abort() {
  recording_->Abort();
  owner_.Forget(*recording_);
}

}  // namespace paracle::cachecore

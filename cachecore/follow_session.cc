#include "cachecore/follow_session.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace paracle::cachecore {
namespace {

constexpr int64_t kSearchNanos = 250'000'000;  // In case a message is lost.
// Alarms are not taken back: what is left of a session that has gone is gone as soon.
constexpr int64_t kLongestNanos = 1'000'000'000;

}  // namespace

FollowSession::FollowSession(Recordings* recordings, const EntryId& id, absl::string_view model, absl::Time deadline,
                             absl::Duration keep_alive, absl::AnyInvocable<void()> ready)
    : recordings_(*recordings),
      ns_(id.ns),
      digest_(id.digest),
      model_(model),
      deadline_(deadline),
      keep_alive_nanos_(absl::ToInt64Nanoseconds(keep_alive)),
      ready_(std::move(ready)),
      last_step_(Now()) {}

FollowSession::~FollowSession() {
  if (recording_ != nullptr) {
    recording_->StopAwaiting(this);
    recording_->readers.fetch_sub(1);
  }
  recordings_.StopAwaiting(recordings_.cache().TagOf({.ns = ns_, .digest = digest_}), this);
  recordings_.LeaveFollower();
}

FollowSession::Step FollowSession::Next() {
  while (true) {
    std::optional<Step> step;
    if (phase_ == Phase::kStored) step = NextStored();
    if (phase_ == Phase::kLive) step = NextLive();
    if (phase_ == Phase::kSearching) step = NextFound();
    const int64_t now = Now();
    if (step) {
      last_step_ = now;
      return *std::move(step);
    }
    if (phase_ == Phase::kSearching && BeginSearch(now)) continue;
    Step idle;
    if (Idle(now, &idle)) return idle;
  }
}

// True: one has begun, and may have ended.
bool FollowSession::BeginSearch(int64_t now) {
  {
    MutexLock lock(mutex_);
    // What happens while one is under way calls for another.
    if (searching_ || found_) return false;
    if (!std::exchange(stirred_, false) && now < search_at_) return false;
    searching_ = true;
  }
  search_at_ = now + kSearchNanos;
  const EntryId id{.ns = ns_, .digest = digest_};
  // Before looking: what happens meanwhile is not to be missed.
  recordings_.Await(recordings_.cache().TagOf(id), shared_from_this());
  recordings_.Find(id, model_, deadline_,
                   [self = shared_from_this()](Recordings::Found found) { self->OnFound(std::move(found)); });
  return true;
}

void FollowSession::OnFound(Recordings::Found found) {
  const bool nothing = std::holds_alternative<Recordings::NothingYet>(found);
  {
    MutexLock lock(mutex_);
    searching_ = false;
    has_waited_ |= nothing;
    if (!nothing) found_ = std::move(found);
    if (nothing && !stirred_) return;
    if (!std::exchange(waiting_, false)) return;
  }
  ready_();
}

// True: it is looked for once more.
bool FollowSession::IsOutdated(const Recordings::Found& found) {
  // What was broken off before its reader has heard of it is none: somebody else may be at it.
  const auto* const recording = std::get_if<std::shared_ptr<Recording>>(&found);
  const bool broken_off = recording != nullptr && (*recording)->state() == Recording::State::kAborted;
  if (broken_off) stirred_ = true;
  // Somebody may have begun since. Once is enough: nobody was at it, after all.
  const bool doubtful = std::holds_alternative<Recordings::Nobody>(found) && stirred_;
  return broken_off || (doubtful && !std::exchange(doubted_, true));
}

std::optional<FollowSession::Step> FollowSession::NextFound() {
  std::optional<Recordings::Found> found;
  Step step;
  {
    MutexLock lock(mutex_);
    found.swap(found_);
    step.coalesced = has_waited_;
    if (!found || IsOutdated(*found)) return std::nullopt;
  }
  step.kind = Step::Kind::kStart;
  if (auto* hit = std::get_if<Hit>(&*found)) {
    phase_ = Phase::kStored;
    entry_ = std::move(hit->entry);
    step.content_type = std::string(entry_->content_type());
  } else if (auto* recording = std::get_if<std::shared_ptr<Recording>>(&*found)) {
    phase_ = Phase::kLive;
    recording_ = std::move(*recording);
    recording_->readers.fetch_add(1);
    step.content_type = recording_->content_type();
    step.live = step.coalesced = true;
  } else {
    step.kind = Step::Kind::kNobody;
  }
  return step;
}

std::optional<FollowSession::Step> FollowSession::NextLive() {
  Recording::Part part = recording_->Read(position_, kStepBytes);
  Step step;
  if (!part.chunks.empty()) {
    position_ += part.chunks.size();
    step.kind = Step::Kind::kChunks;
    step.chunks = std::move(part.chunks);
    return step;
  }
  if (part.state == Recording::State::kRunning) return std::nullopt;
  step.kind = part.state == Recording::State::kComplete ? Step::Kind::kEnd : Step::Kind::kNobody;
  step.end = part.end;
  return step;
}

FollowSession::Step FollowSession::NextStored() {
  Step step;
  const absl::string_view rest = entry_->payload().substr(position_, kStepBytes);
  position_ += rest.size();
  if (!rest.empty()) {
    step.kind = Step::Kind::kChunks;
    step.chunks.push_back(std::make_shared<const std::string>(rest));
    return step;
  }
  step.kind = Step::Kind::kEnd;
  step.end = {
      .origin = entry_->origin(), .create_time = entry_->create_time(), .expire_time = entry_->expire_time()};
  return step;
}

// True: the step is to be told. False: something has come meanwhile.
bool FollowSession::Idle(int64_t now, Step* step) {
  if (now - last_step_ >= keep_alive_nanos_) {
    last_step_ = now;
    step->kind = Step::Kind::kKeepAlive;
    return true;
  }
  int64_t alarm_at = std::min(last_step_ + keep_alive_nanos_, now + kLongestNanos);
  bool set_alarm = false;
  const std::shared_ptr<FollowSession> self = shared_from_this();
  const std::shared_ptr<Recording> recording = recording_;
  const size_t position = position_;
  {
    MutexLock lock(mutex_);
    const bool searching = phase_ == Phase::kSearching;
    // An alarm may have gone off since `now`: then it is not to be taken for one that is set.
    if (searching ? found_ || (stirred_ && !searching_) : std::exchange(stirred_, false)) return false;
    if (searching && !searching_) alarm_at = std::min(alarm_at, std::max(search_at_, now + 1));
    waiting_ = true;
    set_alarm = alarm_at_ <= now || alarm_at < alarm_at_;
    if (set_alarm) alarm_at_ = alarm_at;
  }
  // From here on `ready` may be called, and Next on another thread: nothing of the caller's is touched any more.
  if (set_alarm) recordings_.WakeAt(alarm_at, self);
  step->kind = Step::Kind::kWait;
  if (recording == nullptr || recording->Await(position, self)) return true;
  // More has come meanwhile. Not by Wake: `ready` is not to be called from within Next.
  MutexLock lock(mutex_);
  return !std::exchange(waiting_, false);
}

void FollowSession::Wake() {
  {
    MutexLock lock(mutex_);
    stirred_ = true;
    if (!std::exchange(waiting_, false)) return;
  }
  ready_();
}

}  // namespace paracle::cachecore

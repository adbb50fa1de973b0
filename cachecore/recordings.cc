#include "cachecore/recordings.h"

#include <utility>

#include "absl/status/status.h"
#include "cachecore/error.h"
#include "cachecore/recording_mirror.h"

namespace paracle::cachecore {
namespace {

absl::Status CannotTell() {
  return WithReason(absl::UnavailableError("whether the lease still holds cannot be told; Set the answer when it is "
                                           "complete"),
                    kReasonSharedTierUnavailable);
}

}  // namespace

Recordings::Recordings(const RecordingLimits& limits, LeasedCache* cache, SharedLeases* shared, const Clock* clock)
    : limits_(limits), cache_(*cache), shared_(shared), clock_(*clock), alarm_("streams", clock, [this] {
        return OnAlarm();
      }) {
  cache_.Observe(this);
}

Recordings::~Recordings() = default;

void Recordings::Begin(RecordedQuestion question, FillToken token, BeginDone done) {
  if (!cache_.Valid(question.id(), question.model, token)) return std::move(done)(StaleFillToken());
  const bool published = shared_ != nullptr && !token.alone && shared_->usable();
  if (!published) return BeginHere(std::move(question), token, std::move(done));
  const std::string ns = question.ns;  // The question itself moves on.
  const EntryId id{.ns = ns, .digest = question.digest};
  const std::string content_type = question.content_type;
  const EntryTag tag = cache_.TagOf(id);
  auto begun = [this, tag, question = std::move(question), token,
                done = std::move(done)](absl::StatusOr<bool> held) mutable {
    SetBeginning(tag, 0);
    if (!held.ok()) return BeginHere(std::move(question), token, std::move(done));
    if (!*held) return std::move(done)(LeaseLost());
    std::move(done)(Start(std::move(question), token, /*published=*/true));
  };
  SetBeginning(tag, token.lease);
  shared_->Append(id, token.lease, {.begins = true, .content_type = content_type}, std::move(begun));
}

void Recordings::SetBeginning(const EntryTag& tag, uint64_t lease) {
  MutexLock lock(mutex_);
  questions_[tag].beginning = lease;
  EraseIfEmpty(tag);
}

void Recordings::BeginHere(RecordedQuestion question, FillToken token, BeginDone done) {
  const auto held = cache_.HeldHere(cache_.TagOf(question.id()));
  if (!held || held->token.lease != token.lease) {
    return std::move(done)(shared_ == nullptr ? LeaseLost() : CannotTell());
  }
  std::move(done)(Start(std::move(question), token, /*published=*/false));
}

std::shared_ptr<Recorder> Recordings::Start(RecordedQuestion question, FillToken token, bool published) {
  const EntryTag tag = cache_.TagOf(question.id());
  std::shared_ptr<Recording> recording = Make(tag, token, question.model, question.content_type);
  std::shared_ptr<Recording> before;
  {
    MutexLock lock(mutex_);
    Question& entry = questions_[tag];
    before = std::exchange(entry.recording, recording);
    if (before != nullptr && entry.mirror == nullptr) running_.fetch_sub(1);
    entry.mirror = nullptr;
    running_.fetch_add(1);
  }
  if (before != nullptr) before->Abort();
  SharedLeases* const shared = token.alone ? nullptr : shared_;
  auto recorder = std::make_shared<Recorder>(this, shared, published, std::move(question), recording);
  if (shared != nullptr) WakeAt(clock_.MonotonicNanos() + 1'000'000'000, recorder);
  WakeWaiting(tag);
  return recorder;
}

std::shared_ptr<Recording> Recordings::Make(const EntryTag& tag, FillToken token, std::string model,
                                            std::string content_type) {
  return {new Recording(tag, token, std::move(model), std::move(content_type)), [this](Recording* recording) {
            bytes_.fetch_sub(recording->charge(), std::memory_order_relaxed);
            delete recording;
          }};
}

Recordings::Added Recordings::Add(Recording& recording, Chunk chunk) {
  const size_t charge = ChargeOf(*chunk);
  Added added = Added::kNoRoom;
  if (bytes_.fetch_add(charge, std::memory_order_relaxed) + charge <= limits_.max_bytes) {
    // It may have been broken off meanwhile.
    added = recording.Append(std::move(chunk)) ? Added::kYes : Added::kEnded;
  }
  if (added != Added::kYes) bytes_.fetch_sub(charge, std::memory_order_relaxed);
  return added;
}

void Recordings::Forget(const Recording& recording) {
  std::shared_ptr<Recording> kept;  // Until the lock is let go.
  std::shared_ptr<RecordingMirror> mirror;
  MutexLock lock(mutex_);
  const auto found = questions_.find(recording.tag());
  if (found == questions_.end() || found->second.recording.get() != &recording) return;
  if (found->second.mirror == nullptr) running_.fetch_sub(1);
  kept = std::move(found->second.recording);
  mirror = std::move(found->second.mirror);
  found->second.recording = nullptr;
  found->second.mirror = nullptr;
  EraseIfEmpty(recording.tag());
}

std::shared_ptr<Recording> Recordings::Running(const EntryTag& tag) {
  MutexLock lock(mutex_);
  const auto found = questions_.find(tag);
  return found == questions_.end() ? nullptr : found->second.recording;
}

void Recordings::Find(const EntryId& id, absl::string_view model, absl::Time deadline, FindDone done) {
  if (closing_) return std::move(done)(Nobody());
  FindRunning(std::string(id.ns), id.digest, std::string(model), /*again=*/false, deadline, std::move(done));
}

void Recordings::FindRunning(std::string ns, Digest digest, std::string model, bool again, absl::Time deadline,
                             FindDone done) {
  const EntryId id{.ns = ns, .digest = digest};
  auto looked_up = [this, ns, digest, model, again, deadline, done = std::move(done)](GetOutcome outcome) mutable {
    const EntryId id{.ns = ns, .digest = digest};
    if (auto* hit = std::get_if<Hit>(&outcome)) return std::move(done)(std::move(*hit));
    Found here = FoundHere(id, model);
    const bool known_here = std::holds_alternative<std::shared_ptr<Recording>>(here) || DecidedHere(cache_.TagOf(id));
    if (known_here || shared_ == nullptr || !shared_->usable()) return std::move(done)(std::move(here));
    auto read = [this, ns, digest, model, again, deadline, here = std::move(here),
                 done = std::move(done)](absl::StatusOr<RecordingTail> tail) mutable {
      const EntryId id{.ns = ns, .digest = digest};
      if (!tail.ok()) return std::move(done)(std::move(here));
      if (tail->state == RecordingTail::Lease::kFilled && !again) {
        return FindRunning(std::move(ns), digest, std::move(model), /*again=*/true, deadline, std::move(done));
      }
      const bool held = tail->state == RecordingTail::Lease::kHeld;
      if (!held || !cache_.Valid(id, model, MarkTable::ToToken(tail->begun))) return std::move(done)(Nobody());
      if (!tail->recorded) return std::move(done)(NothingYet());
      std::shared_ptr<Recording> mirrored = Mirror(id, model, *tail);
      if (mirrored == nullptr) return std::move(done)(NothingYet());
      std::move(done)(std::move(mirrored));
    };
    shared_->Tail(id, 0, std::move(read));
  };
  cache_.Get(id, deadline, std::move(looked_up));
}

Recordings::Found Recordings::FoundHere(const EntryId& id, absl::string_view model) {
  const EntryTag tag = cache_.TagOf(id);
  if (std::shared_ptr<Recording> running = Running(tag); running != nullptr) {
    // By its own model, too: not everybody who asks names it.
    const FillToken token = running->token();
    const bool valid = cache_.Valid(id, model, token) && cache_.Valid(id, running->model(), token);
    if (valid && running->state() == Recording::State::kRunning) return running;
  }
  const auto held = cache_.HeldHere(tag);
  if (held && cache_.Valid(id, model, held->token)) return NothingYet();
  return Nobody();
}

// A lease that this server gave alone, the shared tier does not know of.
bool Recordings::DecidedHere(const EntryTag& tag) const {
  const auto held = cache_.HeldHere(tag);
  return held && held->token.alone;
}

std::shared_ptr<Recording> Recordings::Mirror(const EntryId& id, const std::string& model, const RecordingTail& tail) {
  const EntryTag tag = cache_.TagOf(id);
  FillToken token = MarkTable::ToToken(tail.begun);
  token.lease = tail.lease;
  std::shared_ptr<Recording> recording = Make(tag, token, model, tail.content_type);
  auto mirror = std::make_shared<RecordingMirror>(this, shared_, id, recording);
  std::shared_ptr<Recording> before;
  {
    MutexLock lock(mutex_);
    Question& question = questions_[tag];
    const bool same = question.recording != nullptr && question.recording->token().lease == tail.lease &&
                      question.recording->state() == Recording::State::kRunning;
    if (same) return question.recording;
    if (question.beginning == tail.lease) return nullptr;
    before = std::exchange(question.recording, recording);
    if (before != nullptr && question.mirror == nullptr) running_.fetch_sub(1);
    question.mirror = mirror;
  }
  if (before != nullptr) before->Abort();
  mirror->Begin(tail);
  // Not before somebody has had the time to read it.
  WakeAt(clock_.MonotonicNanos() + 1'000'000'000, mirror);
  return recording;
}

std::shared_ptr<RecordingMirror> Recordings::MirrorOf(const EntryTag& tag) {
  MutexLock lock(mutex_);
  const auto found = questions_.find(tag);
  return found == questions_.end() ? nullptr : found->second.mirror;
}

void Recordings::OnFilled(const EntryTag& tag, uint64_t lease) {
  if (const auto mirror = MirrorOf(tag)) mirror->Fetch();
  WakeWaiting(tag);
}

void Recordings::OnLeaseEnded(const EntryTag& tag, uint64_t lease) {
  if (const auto mirror = MirrorOf(tag)) {
    mirror->Fetch();
  } else if (const auto recording = Running(tag); recording != nullptr && recording->token().lease == lease) {
    recording->Abort();
    Forget(*recording);
  }
  WakeWaiting(tag);
}

void Recordings::OnRecordedElsewhere(const EntryTag& tag, uint64_t lease) {
  if (const auto mirror = MirrorOf(tag)) mirror->Fetch();
  WakeWaiting(tag);
}

void Recordings::OnClosing() {
  closing_ = true;
  std::vector<EntryTag> tags;
  {
    MutexLock lock(mutex_);
    for (const auto& [tag, question] : questions_) tags.push_back(tag);
  }
  for (const EntryTag& tag : tags) WakeWaiting(tag);
}

void Recordings::Await(const EntryTag& tag, const std::shared_ptr<Waker>& waker) {
  MutexLock lock(mutex_);
  questions_[tag].waiting[waker.get()] = waker;
}

void Recordings::StopAwaiting(const EntryTag& tag, const Waker* waker) {
  MutexLock lock(mutex_);
  const auto found = questions_.find(tag);
  if (found == questions_.end()) return;
  found->second.waiting.erase(waker);
  EraseIfEmpty(tag);
}

void Recordings::EraseIfEmpty(const EntryTag& tag) {
  const auto found = questions_.find(tag);
  if (found == questions_.end()) return;
  const Question& question = found->second;
  if (question.recording == nullptr && question.beginning == 0 && question.waiting.empty()) questions_.erase(found);
}

void Recordings::WakeWaiting(const EntryTag& tag) {
  Wakers waiting;
  {
    MutexLock lock(mutex_);
    const auto found = questions_.find(tag);
    if (found == questions_.end()) return;
    waiting.swap(found->second.waiting);
    EraseIfEmpty(tag);
  }
  WakeAll(waiting);
}

void Recordings::WakeAt(int64_t nanos, std::weak_ptr<Waker> waker) {
  {
    MutexLock lock(mutex_);
    alarms_.emplace(nanos, std::move(waker));
  }
  alarm_.WakeBy(nanos);
}

int64_t Recordings::OnAlarm() {
  std::vector<std::weak_ptr<Waker>> due;
  int64_t next = AlarmThread::kNever;
  {
    MutexLock lock(mutex_);
    const auto end = alarms_.upper_bound(clock_.MonotonicNanos());
    for (auto alarm = alarms_.begin(); alarm != end; ++alarm) due.push_back(std::move(alarm->second));
    alarms_.erase(alarms_.begin(), end);
    if (!alarms_.empty()) next = alarms_.begin()->first;
  }
  for (const std::weak_ptr<Waker>& waker : due) {
    if (const std::shared_ptr<Waker> alive = waker.lock()) alive->Wake();
  }
  return next;
}

bool Recordings::EnterFollower() {
  const int64_t most = static_cast<int64_t>(limits_.max_followers);
  if (followers_.fetch_add(1, std::memory_order_relaxed) < most) return true;
  LeaveFollower();
  return false;
}

}  // namespace paracle::cachecore

#include "cachecore/recorder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/recordings.h"

namespace paracle::cachecore {
namespace {

constexpr int64_t kHeartbeatNanos = 1'000'000'000;
constexpr size_t kChunksAtOnce = 256;
constexpr size_t kBytesAtOnce = 256 << 10;  // But for a single chunk.

absl::Status TooLarge(size_t most) {
  return InvalidField("chunk", absl::StrCat("the answer is over ", most, " bytes, which are accepted"),
                      kReasonEntryTooLarge);
}

absl::Status NoRoom() {
  return WithReason(absl::ResourceExhaustedError("more is being recorded than this server has room for; Set the answer "
                                                 "when it is complete"),
                    kReasonTooManyRecordings);
}

}  // namespace

Recorder::Recorder(Recordings* owner, SharedLeases* shared, bool published, RecordedQuestion question,
                   std::shared_ptr<Recording> recording)
    : owner_(*owner),
      shared_(shared),
      question_(std::move(question)),
      recording_(std::move(recording)),
      given_here_(HeldHere()),
      given_up_(!published) {}

Recorder::~Recorder() { Abort(); }

absl::Status Recorder::Add(absl::string_view chunk) {
  if (over_ || recording_->state() != Recording::State::kRunning) {
    Stop();
    return LeaseLost();
  }
  if (chunk.empty()) return absl::OkStatus();
  if (recording_->bytes() + chunk.size() > owner_.limits().max_answer_bytes) {
    Abort();
    return TooLarge(owner_.limits().max_answer_bytes);
  }
  const auto shared_chunk = std::make_shared<const std::string>(chunk);
  if (const auto added = owner_.Add(*recording_, shared_chunk); added != Recordings::Added::kYes) {
    Stop();
    return added == Recordings::Added::kNoRoom ? NoRoom() : LeaseLost();
  }
  if (shared_ == nullptr) return absl::OkStatus();
  {
    MutexLock lock(mutex_);
    if (!given_up_) unpublished_.push_back(shared_chunk);
  }
  Publish(/*even_nothing=*/false);
  return absl::OkStatus();
}

void Recorder::End(const RecordedFacts& facts, absl::Time deadline, Cache::SetDone done) {
  if (over_ || recording_->state() != Recording::State::kRunning) {
    Stop();
    return std::move(done)(LeaseLost());
  }
  over_ = true;
  const std::vector<Chunk> chunks = recording_->Read(0, SIZE_MAX).chunks;
  std::vector<absl::string_view> payload;
  for (const Chunk& chunk : chunks) payload.push_back(*chunk);
  const EntrySpec spec{.id = question_.id(),
                       .provider = question_.provider,
                       .model = question_.model,
                       .content_type = question_.content_type,
                       .payload = payload,
                       .tags = facts.tags,
                       .origin = facts.origin,
                       .ttl = facts.ttl,
                       .fill_token = recording_->token(),
                       .create_time = std::nullopt};
  owner_.cache().Set(spec, deadline, [this, self = shared_from_this(), origin = facts.origin,
                                      done = std::move(done)](absl::StatusOr<SetOutcome> outcome) mutable {
    AnswerEnd end;
    end.origin = origin;
    if (outcome.ok() && (outcome->stored_in_memory || outcome->stored_in_shared)) {
      end.create_time = owner_.clock().WallTime();
      end.expire_time = outcome->expire_time;
    }
    // Whoever followed it had asked before an invalidation that came meanwhile: for them it is an answer. Not if it was
    // by one of the tags, which nobody knew before.
    const bool stale = ReasonOf(outcome.status()) == kReasonStaleFillToken;
    const bool by_tag = stale && owner_.cache().Valid(question_.id(), question_.model, recording_->token());
    if (outcome.ok() || (stale && !by_tag)) recording_->Complete(end);
    Stop();
    std::move(done)(std::move(outcome));
  });
}

void Recorder::Abort() {
  if (over_) return;
  // Else the lease has ended already, or another recorder records for it.
  const bool current = recording_->state() == Recording::State::kRunning;
  Stop();
  if (current) owner_.cache().Release(question_.id(), recording_->token(), [] {});
}

void Recorder::Stop() {
  over_ = true;
  BreakOff();
}

bool Recorder::HeldHere() const {
  const auto held = owner_.cache().HeldHere(recording_->tag());
  return held && held->token.lease == recording_->token().lease;
}

void Recorder::BreakOff() {
  recording_->Abort();
  owner_.Forget(*recording_);
}

void Recorder::Wake() {
  if (over_ || recording_->state() != Recording::State::kRunning) return;
  if (shared_->usable()) {
    Publish(/*even_nothing=*/true);
  } else if (given_here_ && !HeldHere()) {
    return BreakOff();
  }
  owner_.WakeAt(owner_.clock().MonotonicNanos() + kHeartbeatNanos, weak_from_this());
}

void Recorder::Publish(bool even_nothing) {
  std::vector<Chunk> chunks;
  size_t from = 0;
  {
    MutexLock lock(mutex_);
    from = published_;
    if (publishing_ || (unpublished_.empty() && !even_nothing)) return;
    publishing_ = true;
    size_t bytes = 0;
    for (const Chunk& chunk : unpublished_) {
      bytes += chunk->size();
      if (chunks.size() == kChunksAtOnce || (bytes > kBytesAtOnce && !chunks.empty())) break;
      chunks.push_back(chunk);
    }
  }
  shared_->Append(question_.id(), recording_->token().lease, {.from = from, .chunks = chunks},
                  [this, self = shared_from_this(), count = chunks.size()](absl::StatusOr<bool> done) {
                    OnPublished(count, done);
                  });
}

void Recorder::OnPublished(size_t chunks, const absl::StatusOr<bool>& done) {
  {
    MutexLock lock(mutex_);
    publishing_ = false;
    Published(chunks, done.status());
  }
  // At the end the lease ends too, and a write that comes after it finds that out. What failed goes with the next
  // chunk or heartbeat, not at once: the tier may be away.
  if (over_ || !done.ok()) return;
  if (!*done) return BreakOff();
  Publish(/*even_nothing=*/false);
}

void Recorder::Published(size_t chunks, const absl::Status& status) {
  if (status.ok()) {
    unpublished_.erase(unpublished_.begin(), unpublished_.begin() + chunks);
    published_ += chunks;
  }
  if (absl::IsOutOfRange(status)) given_up_ = true;
  if (given_up_) unpublished_.clear();
}

}  // namespace paracle::cachecore

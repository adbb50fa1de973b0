// Recordings are the answers that are on their way: of this server and, as far as somebody here follows them, of
// others.
//
//   Begin -> Recorder -> Recording <- FollowSession <- Find        one server
//   Begin -> Recorder -> Recording ... Redis ... RecordingMirror -> Recording <- FollowSession     two
//
// Thread-safe; never blocks. Whoever calls back (the leases, the shared tier) is stopped before it is destroyed, and
// recorders and sessions are gone by then.
#ifndef PARACLE_CACHECORE_RECORDINGS_H_
#define PARACLE_CACHECORE_RECORDINGS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/alarm_thread.h"
#include "cachecore/cache.h"
#include "cachecore/clock.h"
#include "cachecore/lease_observer.h"
#include "cachecore/leased_cache.h"
#include "cachecore/mutex.h"
#include "cachecore/recorder.h"
#include "cachecore/recording.h"
#include "cachecore/shared_leases.h"
#include "cachecore/waker.h"

namespace paracle::cachecore {

class RecordingMirror;

struct RecordingLimits {
  size_t max_bytes = 64 << 20;        // Of all recordings that this server keeps, bookkeeping counted.
  size_t max_answer_bytes = 3 << 20;  // Of one.
  size_t max_followers = 10'000;
};

class Recordings final : public LeaseObserver {
 public:
  // All outlive it; `shared` may be null.
  Recordings(const RecordingLimits& limits, LeasedCache* cache, SharedLeases* shared, const Clock* clock);
  ~Recordings() override;

  // Begins to record, for the holder of a lease. FAILED_PRECONDITION: the lease has ended (LEASE_LOST), or the question
  // was invalidated (STALE_FILL_TOKEN). UNAVAILABLE: nobody can tell now.
  using BeginDone = absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<Recorder>>) &&>;
  void Begin(RecordedQuestion question, FillToken token, BeginDone done);

  // What there is to follow.
  struct Nobody {};      // No answer, and nobody who makes one.
  struct NothingYet {};  // Somebody makes one, and does not record it (yet).
  using Found = std::variant<Hit, std::shared_ptr<Recording>, NothingYet, Nobody>;
  using FindDone = absl::AnyInvocable<void(Found) &&>;
  void Find(const EntryId& id, absl::string_view model, absl::Time deadline, FindDone done);

  // Wakes once: when something happens to that question; at that moment of Clock::MonotonicNanos.
  void Await(const EntryTag& tag, const std::shared_ptr<Waker>& waker);
  void StopAwaiting(const EntryTag& tag, const Waker* waker);
  void WakeAt(int64_t nanos, std::weak_ptr<Waker> waker);

  // False: as many follow as may. Else Leave must be called.
  bool EnterFollower();
  void LeaveFollower() { followers_.fetch_sub(1, std::memory_order_relaxed); }

  // A new one, whose bytes count here while it lives.
  std::shared_ptr<Recording> Make(const EntryTag& tag, FillToken token, std::string model, std::string content_type);
  // Appends to it.
  enum class Added { kYes, kNoRoom, kEnded };
  Added Add(Recording& recording, Chunk chunk);
  // It has ended.
  void Forget(const Recording& recording);

  void OnFilled(const EntryTag& tag, uint64_t lease) override;
  void OnLeaseEnded(const EntryTag& tag, uint64_t lease) override;
  void OnRecordedElsewhere(const EntryTag& tag, uint64_t lease) override;
  void OnClosing() override;

  // No alarm goes off any more. Call it before the shared tier is stopped.
  void Close() { alarm_.Stop(); }

  LeasedCache& cache() { return cache_; }
  const RecordingLimits& limits() const { return limits_; }
  const Clock& clock() const { return clock_; }
  int64_t running() const { return running_.load(std::memory_order_relaxed); }
  int64_t followers() const { return followers_.load(std::memory_order_relaxed); }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Question {
    std::shared_ptr<Recording> recording;     // Null: none.
    std::shared_ptr<RecordingMirror> mirror;  // Null: it is recorded here.
    uint64_t beginning = 0;                   // The lease that begins to record here: not to be mirrored.
    Wakers waiting;
  };

  void SetBeginning(const EntryTag& tag, uint64_t lease);
  std::shared_ptr<Recorder> Start(RecordedQuestion question, FillToken token, bool published);
  void BeginHere(RecordedQuestion question, FillToken token, BeginDone done);
  bool DecidedHere(const EntryTag& tag) const;
  std::shared_ptr<Recording> Running(const EntryTag& tag);
  void FindRunning(std::string ns, Digest digest, std::string model, bool again, absl::Time deadline, FindDone done);
  Found FoundHere(const EntryId& id, absl::string_view model);
  // Null: not to be mirrored (yet).
  std::shared_ptr<Recording> Mirror(const EntryId& id, const std::string& model, const RecordingTail& tail);
  std::shared_ptr<RecordingMirror> MirrorOf(const EntryTag& tag);
  void WakeWaiting(const EntryTag& tag);
  void EraseIfEmpty(const EntryTag& tag) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t OnAlarm();

  const RecordingLimits limits_;
  LeasedCache& cache_;
  SharedLeases* const shared_;
  const Clock& clock_;
  std::atomic<size_t> bytes_ = 0;
  std::atomic<int64_t> running_ = 0;  // Recorded here.
  std::atomic<int64_t> followers_ = 0;
  std::atomic<bool> closing_ = false;

  Mutex mutex_;
  absl::flat_hash_map<EntryTag, Question> questions_ ABSL_GUARDED_BY(mutex_);
  std::multimap<int64_t, std::weak_ptr<Waker>> alarms_ ABSL_GUARDED_BY(mutex_);
  AlarmThread alarm_;  // Last: it uses the rest.
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECORDINGS_H_

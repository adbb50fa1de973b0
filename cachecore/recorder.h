// Recorder writes one recording, for the holder of its lease, and stores the answer at the end.
//
// With a shared tier the chunks go there as well, behind: neither the recorder nor the readers here wait for it. That
// the lease still holds, it tells by each of these writes, of which there is at least one a second; while the tier is
// away, by what this server knows of the lease.
//
// Add, End and Abort are called by one at a time; the rest is thread-safe.
#ifndef PARACLE_CACHECORE_RECORDER_H_
#define PARACLE_CACHECORE_RECORDER_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cachecore/cache.h"
#include "cachecore/mutex.h"
#include "cachecore/recording.h"
#include "cachecore/shared_leases.h"
#include "cachecore/waker.h"

namespace paracle::cachecore {

class Recordings;

// Whose answer it is.
struct RecordedQuestion {
  std::string ns;
  Digest digest;
  std::string provider;
  std::string model;
  std::string content_type;

  EntryId id() const { return {.ns = ns, .digest = digest}; }
};

// What is known at the end. Views must outlive the call only.
struct RecordedFacts {
  absl::Duration ttl;  // > 0.
  absl::Span<const std::string> tags = {};
  Origin origin = {};
};

class Recorder final : public Waker, public std::enable_shared_from_this<Recorder> {
 public:
  // Of Recordings, which outlives it. `shared` is null when the shared tier knows nothing of the lease; `published`:
  // it knows of the recording, too.
  Recorder(Recordings* owner, SharedLeases* shared, bool published, RecordedQuestion question,
           std::shared_ptr<Recording> recording);
  ~Recorder() override;

  // FAILED_PRECONDITION with reason LEASE_LOST: the lease has ended. INVALID_ARGUMENT with reason ENTRY_TOO_LARGE: the
  // answer is over the limit; the lease has gone back. RESOURCE_EXHAUSTED with reason TOO_MANY_RECORDINGS: no room, and
  // the lease still holds. After any of them it is over.
  absl::Status Add(absl::string_view chunk);

  // The answer is complete: stores it. Errors as of Cache::Set.
  void End(const RecordedFacts& facts, absl::Time deadline, Cache::SetDone done);

  // The answer will never be complete: gives the lease back. Nothing after the end.
  void Abort();

  // Of the owner's alarm.
  void Wake() override;

 private:
  void Publish(bool even_nothing);
  void OnPublished(size_t chunks, const absl::StatusOr<bool>& done);
  void Published(size_t chunks, const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HeldHere() const;
  void BreakOff();
  void Stop();

  Recordings& owner_;
  SharedLeases* const shared_;
  const RecordedQuestion question_;
  const std::shared_ptr<Recording> recording_;
  const bool given_here_;
  std::atomic<bool> over_ = false;  // Written by Add, End and Abort.

  Mutex mutex_;
  std::vector<Chunk> unpublished_ ABSL_GUARDED_BY(mutex_);
  size_t published_ ABSL_GUARDED_BY(mutex_) = 0;  // Chunks that the shared tier has.
  bool publishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool given_up_ ABSL_GUARDED_BY(mutex_);  // The shared tier lacks the beginning; readers elsewhere wait for the end.
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECORDER_H_

// RecordingMirror brings a recording that another server makes here, while somebody here follows it.
//
// It reads what is new when the channel tells of it, and four times a second in case a message is lost. At the end of
// the other's lease it compares what it has with what was stored: the rest of that, or ABORTED. When the shared tier
// cannot be read for two seconds, nobody here would learn of the end: ABORTED, too.
//
// Thread-safe.
#ifndef PARACLE_CACHECORE_RECORDING_MIRROR_H_
#define PARACLE_CACHECORE_RECORDING_MIRROR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cachecore/cache.h"
#include "cachecore/mutex.h"
#include "cachecore/recording.h"
#include "cachecore/shared_leases.h"
#include "cachecore/waker.h"

namespace paracle::cachecore {

class Recordings;

class RecordingMirror final : public Waker, public std::enable_shared_from_this<RecordingMirror> {
 public:
  // Of Recordings, which outlives it.
  RecordingMirror(Recordings* owner, SharedLeases* shared, const EntryId& id, std::shared_ptr<Recording> recording)
      : owner_(*owner), shared_(*shared), ns_(id.ns), digest_(id.digest), recording_(std::move(recording)) {}

  // Once, before anything is read: what is known already, from the first chunk on.
  void Begin(const RecordingTail& tail) { OnTail(tail); }

  // Reads what is new, soon.
  void Fetch();

  // Of the owner's alarm.
  void Wake() override;

 private:
  void Read();
  void OnTail(const absl::StatusOr<RecordingTail>& tail);
  void OnUnread(const absl::Status& why);
  bool Take(const std::vector<std::string>& chunks);
  void Finish();
  void OnFinal(const GetOutcome& outcome);
  void Abort();
  EntryId id() const { return {.ns = ns_, .digest = digest_}; }

  Recordings& owner_;
  SharedLeases& shared_;
  const std::string ns_;
  const Digest digest_;
  const std::shared_ptr<Recording> recording_;

  // One at a time reads, from the number of chunks that are here on, and takes in what it has read.
  Mutex mutex_;
  bool reading_ ABSL_GUARDED_BY(mutex_) = true;  // Begin is as good as a first read.
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
  int unread_ ABSL_GUARDED_BY(mutex_) = 0;  // Times in a row.
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECORDING_MIRROR_H_

// RecordingMirror brings a recording that another server makes here, while somebody here follows it.
//
// It reads what is new when the channel tells of it, and four times a second in case a message is lost. At the end of
// the other's lease it compares what it has with what was stored: the rest of that, or ABORTED.
//
// Thread-safe.
#ifndef PARACLE_CACHECORE_RECORDING_MIRROR_H_
#define PARACLE_CACHECORE_RECORDING_MIRROR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
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

  // Takes in what was read. False: there is no room for it, and it is over.
  bool Take(const RecordingTail& tail);

  // Reads what is new, soon.
  void Fetch();

  // Of the owner's alarm.
  void Wake() override;

 private:
  void OnTail(const absl::StatusOr<RecordingTail>& tail);
  void Finish();
  void Abort();
  EntryId id() const { return {.ns = ns_, .digest = digest_}; }

  Recordings& owner_;
  SharedLeases& shared_;
  const std::string ns_;
  const Digest digest_;
  const std::shared_ptr<Recording> recording_;

  Mutex mutex_;
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECORDING_MIRROR_H_

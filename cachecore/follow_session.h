// FollowSession is one reader of one question's answer: it says, step by step, what the reader is to be sent next.
//
//   searching --found--> live (somebody records it)  or  stored (it is there)
//       \--nobody is at it--> kNobody              live --broken off--> kNobody
//
// While there is nothing to send, a step is kWait, and `ready` is called once there may be something again; at least as
// often as the reader wants to hear that the server is there. Next is called by one thread at a time; thread-safe
// otherwise.
#ifndef PARACLE_CACHECORE_FOLLOW_SESSION_H_
#define PARACLE_CACHECORE_FOLLOW_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/mutex.h"
#include "cachecore/recording.h"
#include "cachecore/recordings.h"
#include "cachecore/waker.h"

namespace paracle::cachecore {

class FollowSession final : public Waker, public std::enable_shared_from_this<FollowSession> {
 public:
  struct Step {
    enum class Kind {
      kStart,      // `content_type`, `live` and `coalesced`.
      kChunks,     // `chunks`.
      kKeepAlive,  // Nothing new.
      kEnd,        // `end`; the last.
      kNobody,     // Nobody is at it (any more), and there is no answer; the last.
      kWait,       // `ready` will be called.
    };
    Kind kind = Kind::kWait;
    std::string content_type;
    bool live = false;
    bool coalesced = false;  // Somebody else's call gives the answer, and is, or was, waited for.
    std::vector<Chunk> chunks;
    AnswerEnd end;
  };

  // Most bytes of chunks in one step, but for a single chunk; short ones count as more (ChargeOf). As many are copied
  // for each reader that does not read.
  static constexpr size_t kStepBytes = 32 << 10;

  // `recordings` outlives it. Counts as a follower; REQUIRES: recordings->EnterFollower() was true.
  FollowSession(Recordings* recordings, const EntryId& id, absl::string_view model, absl::Time deadline,
                absl::Duration keep_alive, absl::AnyInvocable<void()> ready);
  ~FollowSession() override;

  Step Next();

  void Wake() override;

 private:
  enum class Phase { kSearching, kLive, kStored };

  bool BeginSearch(int64_t now);
  bool IsOutdated(const Recordings::Found& found) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<Step> NextFound();
  std::optional<Step> NextLive();
  Step NextStored();
  bool Idle(int64_t now, Step* step);
  void OnFound(Recordings::Found found);
  int64_t Now() const { return recordings_.clock().MonotonicNanos(); }

  Recordings& recordings_;
  const std::string ns_;
  const Digest digest_;
  const std::string model_;
  const absl::Time deadline_;
  const int64_t keep_alive_nanos_;
  absl::AnyInvocable<void()> ready_;

  // Of whoever calls Next.
  Phase phase_ = Phase::kSearching;
  std::shared_ptr<Recording> recording_;
  EntryHandle entry_;
  size_t position_ = 0;  // The next chunk, or the next byte of a stored answer.
  int64_t last_step_ = 0;
  int64_t search_at_ = 0;
  bool doubted_ = false;  // That nobody was at it, once.

  Mutex mutex_;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
  bool stirred_ ABSL_GUARDED_BY(mutex_) = true;
  bool searching_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_waited_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Recordings::Found> found_ ABSL_GUARDED_BY(mutex_);
  int64_t alarm_at_ ABSL_GUARDED_BY(mutex_) = 0;  // The next alarm that is set; past: none is.
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_FOLLOW_SESSION_H_

// TrackedEntry is an entry that is invalidated again and again, and what may be served of it. Its truth is a number
// that grows: whoever invalidates first makes it grow, so that every older version is wrong once the Invalidate is
// acknowledged. It has a namespace of its own, so that every kind of Invalidate concerns it alone. Thread-safe.
#ifndef PARACLE_TESTS_DRILLS_TRACKED_ENTRY_H_
#define PARACLE_TESTS_DRILLS_TRACKED_ENTRY_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::drills {

// After an acknowledgement, nothing older may be served any more.
constexpr absl::Duration kHardBound = absl::Seconds(2);

enum class InvalidateKind { kDigest, kTag, kModel, kNamespace };

class TrackedEntry {
 public:
  explicit TrackedEntry(int number);

  uint64_t truth() const { return truth_; }
  void Advance() { ++truth_; }
  // An Invalidate of everything older than `version` was acknowledged.
  void Acknowledge(uint64_t version, absl::Time when);

  cache::v1::GetRequest Get() const;
  cache::v1::SetRequest Set(uint64_t version, const std::string& fill_token) const;
  cache::v1::InvalidateRequest Invalidate(InvalidateKind kind) const;

  // The version; 0: the answer is not this entry's, or not whole, or of a version that there never was.
  uint64_t VersionOf(const cache::v1::Hit& hit) const;
  // Whether a Get that began then must not answer with this version any more.
  bool IsStale(uint64_t version, absl::Time begin) const;

 private:
  const std::string ns_;
  const std::string digest_;
  std::atomic<uint64_t> truth_ = 1;

  mutable std::mutex mutex_;
  std::deque<std::pair<absl::Time, uint64_t>> acknowledged_;  // Guarded by mutex_; in the order of both.
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_TRACKED_ENTRY_H_

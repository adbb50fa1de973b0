// MarkTable decides whether an answer is still valid: it remembers what was invalidated, and when.
//
// "When" is a number in a sequence, in a history (epoch) that begins with the table. Every invalidation takes the next
// number and leaves a mark on what it names. A fill that began at number n, or an entry known to be valid at n, is
// valid now unless a mark that concerns it is newer than n. So an entry need not be found to be invalidated, and an
// answer that arrives late is recognised (P3).
//
// Marks are bounded: the oldest are folded into a floor, below which nothing is known any more and every token counts
// as stale. Thread-safe; knows nothing of where entries are kept.
#ifndef PARACLE_CACHECORE_MARK_TABLE_H_
#define PARACLE_CACHECORE_MARK_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cachecore/cache.h"
#include "cachecore/entry.h"
#include "cachecore/mutex.h"

namespace paracle::cachecore {

// What marks can concern an answer by. Views must outlive the call only.
struct MarkSubject {
  absl::string_view ns;
  const Digest& digest;
  absl::string_view model;
  absl::Span<const std::string> tags;
};

class MarkTable {
 public:
  // Most heap that one mark takes, at the emptiest that a growing table gets, the old table beside it.
  static constexpr size_t kBytesPerMark = 80;

  explicit MarkTable(size_t max_marks);

  // A fill that begins now.
  FillToken Now() const { return {.epoch = epoch_, .sequence = latest()}; }
  uint64_t latest() const { return latest_.load(std::memory_order_acquire); }

  // Takes the next number and leaves the mark. Fills that began before are stale from here on.
  uint64_t Add(const InvalidationTarget& target);

  // The number up to which `subject` is known to be valid, given that it was at `token`; nullopt if it is not valid
  // any more, or if the token is of another history, below the floor or from the future.
  std::optional<uint64_t> Validate(const MarkSubject& subject, FillToken token) const;

  // Whether it is time to fold. At `max_marks` it is overdue.
  bool full() const { return size() >= max_marks_; }
  bool nearly_full() const { return size() >= max_marks_ - max_marks_ / 4; }

  // Forgets the older half of the marks, as far as they are not above `checked`.
  // REQUIRES: no entry that is kept was last validated below `checked`.
  void FoldOldest(uint64_t checked);

  size_t size() const { return size_.load(std::memory_order_relaxed); }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  uint64_t KeyOf(InvalidationTarget::Kind kind, absl::string_view ns, absl::string_view value) const;
  bool MarkedAfter(uint64_t key, uint64_t sequence) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Measure() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_marks_;
  const uint64_t epoch_;
  const uint64_t seed_;
  std::atomic<uint64_t> latest_ = 1;  // Written under mutex_, after the mark.
  std::atomic<size_t> size_ = 0;
  std::atomic<size_t> bytes_ = 0;

  mutable Mutex mutex_;
  // Names are kept as hashes: two that collide are invalidated together, which is safe.
  absl::flat_hash_map<uint64_t, uint64_t> marks_ ABSL_GUARDED_BY(mutex_);
  uint64_t floor_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MARK_TABLE_H_

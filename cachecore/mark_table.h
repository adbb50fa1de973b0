// MarkTable decides whether an answer is still valid: it remembers what was invalidated, and when.
//
// "When" is a number in a sequence, in a history (epoch) that begins with the table. Every invalidation takes the next
// number and leaves a mark on what it names. A fill that began at number n, or an entry known to be valid at n, is
// valid now unless a mark that concerns it is newer than n. So an entry need not be found to be invalidated, and an
// answer that arrives late is recognised (P3).
//
// With a shared tier the sequence is Redis's (mark_log.h): the table follows it page by page, and what is invalidated
// here while Redis is away takes numbers between two of Redis's. Numbers never go back, not even into a new epoch, so
// whoever has checked an entry at the latest number need not look again until that moves.
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
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cachecore/cache.h"
#include "cachecore/entry.h"
#include "cachecore/mark_name.h"
#include "cachecore/mutex.h"
#include "cachecore/name_hash.h"

namespace paracle::cachecore {

// What marks can concern an answer by. Views must outlive the call only.
struct MarkSubject {
  absl::string_view ns;
  const Digest& digest;
  absl::string_view model;
  absl::Span<const std::string> tags;
};

// A stretch of the shared sequence, in its own numbers (up to 2^44): every mark in (from, to] is in it.
struct MarkPage {
  struct Mark {
    MarkName name;
    uint64_t number = 0;
  };

  uint64_t epoch = 0;
  uint64_t from = 0;
  uint64_t to = 0;
  uint64_t floor = 0;  // Older marks are forgotten.
  std::vector<Mark> marks;
};

class MarkTable {
 public:
  // Most heap that one mark takes, at the emptiest that a growing table gets, the old table beside it.
  static constexpr size_t kBytesPerMark = 80;

  // Between two numbers of the shared sequence there is room for 2^20 of our own.
  static constexpr int kLocalBits = 20;

  explicit MarkTable(size_t max_marks, NameHash names = NameHash());

  // How an invalidation of it is named, here and in the shared tier.
  MarkName NameOf(const InvalidationTarget& target) const { return MarkName::Of(target, names_); }

  // A fill that begins now.
  FillToken Now() const;
  uint64_t latest() const { return latest_.load(std::memory_order_acquire); }

  // Takes the next number and leaves the mark. Fills that began before are stale from here on, in this process.
  // With a shared sequence, after 2^20 calls with nothing learnt between, no mark is left any more.
  uint64_t Add(const InvalidationTarget& target);

  // The number up to which `subject` is known to be valid, given that it was at `token`; nullopt if it is not valid
  // any more, or if the token is of another history, below the floor or from the future.
  std::optional<uint64_t> Validate(const MarkSubject& subject, FillToken token) const;

  // Follows the shared sequence. A page of this epoch that leaves a gap is ignored, and so is one of another epoch
  // that is not ahead of here. True: the table now knows everything up to page.to. With another epoch the table starts
  // again, and whatever was valid before is not any more.
  bool Learn(const MarkPage& page);

  // How far the shared sequence is known; what FillToken says in its numbers.
  struct Position {
    uint64_t epoch = 0;
    uint64_t number = 0;
  };
  Position position() const;
  static Position ToPosition(FillToken token) { return {token.epoch, token.sequence >> kLocalBits}; }
  static FillToken ToToken(Position position) { return {position.epoch, position.number << kLocalBits}; }

  // Whether it is time to fold. At `max_marks` it is overdue.
  bool full() const { return size() >= max_marks_; }
  bool nearly_full() const { return size() >= max_marks_ - max_marks_ / 4; }

  // Forgets the older half of the marks, as far as they are not above `checked`. An entry last validated below
  // `checked` may miss for it, though nothing concerns it.
  void FoldOldest(uint64_t checked);

  size_t size() const { return size_.load(std::memory_order_relaxed); }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  void Leave(const MarkName& name, uint64_t number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartAgain(const MarkPage& page) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MarkedAfter(const MarkName& name, uint64_t number) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fold(uint64_t checked) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Measure() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_marks_;
  const NameHash names_;
  const uint64_t seed_;
  // Both are written under mutex_, latest_ after the mark. While a new epoch begins, epoch_ is 0.
  std::atomic<uint64_t> epoch_;
  std::atomic<uint64_t> latest_ = 1;
  std::atomic<size_t> size_ = 0;
  std::atomic<size_t> bytes_ = 0;

  mutable Mutex mutex_;
  bool shared_ ABSL_GUARDED_BY(mutex_) = false;
  // By seeded hashes of names: half the bytes, and two that collide are invalidated together, which is safe.
  absl::flat_hash_map<uint64_t, uint64_t> marks_ ABSL_GUARDED_BY(mutex_);
  uint64_t floor_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MARK_TABLE_H_

// Budget is what the memory tier may hold and what it holds now, over all shards. Thread-safe.
#ifndef PARACLE_CACHECORE_INTERNAL_BUDGET_H_
#define PARACLE_CACHECORE_INTERNAL_BUDGET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cachecore/cache.h"
#include "cachecore/label_table.h"
#include "cachecore/mark_table.h"

namespace paracle::cachecore::internal {

class Budget {
 public:
  // 0 entries: no limit by number.
  Budget(size_t max_entries, size_t max_bytes, const LabelTable* labels, const MarkTable* marks)
      : max_entries_(static_cast<int64_t>(max_entries)),
        max_bytes_(static_cast<int64_t>(max_bytes)),
        labels_(labels),
        marks_(marks) {}

  // Changed when entries and tables come and go, never on a hit.
  void Charge(int64_t entries, int64_t bytes) {
    if (entries != 0) entries_.fetch_add(entries, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }

  int64_t entries() const { return entries_.load(std::memory_order_relaxed); }
  int64_t used_bytes() const {
    return bytes_.load(std::memory_order_relaxed) + static_cast<int64_t>(labels_->bytes() + marks_->bytes());
  }
  int64_t max_bytes() const { return max_bytes_; }

  bool HasRoomFor(int64_t bytes) const { return used_bytes() + bytes <= max_bytes_; }
  bool Over() const { return (max_entries_ != 0 && entries() > max_entries_) || used_bytes() > max_bytes_; }

  Usage Read() const {
    return {.entries = entries(), .max_entries = max_entries_, .bytes = used_bytes(), .max_bytes = max_bytes_};
  }

 private:
  const int64_t max_entries_;
  const int64_t max_bytes_;
  const LabelTable* const labels_;
  const MarkTable* const marks_;
  std::atomic<int64_t> entries_ = 0;
  std::atomic<int64_t> bytes_ = 0;  // Entries and the tables that find them.
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_BUDGET_H_

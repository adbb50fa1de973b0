// MemoryShares say how much of the memory tier each namespace may hold, and keep account of what it does hold.
//
// A share is a part of both limits, entries and bytes; of bytes, entries count and what is common to all (names, marks,
// tables) does not. Namespaces without a share are bounded by the limits of the tier alone. A namespace is known by the
// number of its share for as long as anything of it is alive; the numbers are bounded, and namespaces beyond them have
// one share in common.
// Thread-safe: accounts are atomics; only a namespace that comes or goes takes the lock.
#ifndef PARACLE_CACHECORE_MEMORY_SHARES_H_
#define PARACLE_CACHECORE_MEMORY_SHARES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "cachecore/mutex.h"

namespace paracle::cachecore {

// Parts of the whole, over 0 and up to 1; 0: no share, but all that there is.
struct MemoryShareRules {
  std::map<std::string, double, std::less<>> named = {};
  double others = 0;  // Of each namespace that is not named.

  bool any() const;
};

class MemoryShares {
 public:
  static constexpr uint16_t kNone = 0;
  // Namespaces that are not named and yet told apart.
  static constexpr size_t kMaxOthers = 64;

  // `max_entries` 0: no limit by number. REQUIRES: fewer than 60,000 are named.
  MemoryShares(const MemoryShareRules& rules, size_t max_entries, size_t max_bytes);

  // Every number is below this.
  size_t count() const { return shares_.size(); }

  // The number of the share of `ns`. Counted: give it back with Leave.
  uint16_t Enter(absl::string_view ns);
  void Leave(uint16_t share);

  void Charge(uint16_t share, int64_t entries, int64_t bytes);
  bool Over(uint16_t share) const;

  // Whether an entry of so many bytes could be held if it were the only one.
  bool Fits(uint16_t share, int64_t bytes) const;

  int64_t bytes(uint16_t share) const { return shares_[share]->bytes.load(std::memory_order_relaxed); }
  int64_t entries(uint16_t share) const { return shares_[share]->entries.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Share {
    int64_t max_entries = 0;  // 0: no limit.
    int64_t max_bytes = 0;
    std::atomic<int64_t> entries = 0;
    std::atomic<int64_t> bytes = 0;
  };

  // A namespace that is not named, while anything of it is alive.
  struct Other {
    uint16_t share;
    size_t uses;
  };

  std::unique_ptr<Share> MakeShare(double part) const;

  const size_t max_entries_;
  const size_t max_bytes_;
  std::vector<std::unique_ptr<Share>> shares_;  // kNone, what is beyond, the named ones, the others.
  std::map<std::string, uint16_t, std::less<>> named_;
  uint16_t first_other_;  // From here on they are given to whoever comes; count(): to nobody.

  Mutex mutex_;
  absl::flat_hash_map<std::string, Other> others_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> other_names_ ABSL_GUARDED_BY(mutex_);  // By number, from first_other_ on.
  std::vector<uint16_t> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MEMORY_SHARES_H_

// EntryPool is what the callers of a drill ask for and store: entries of several namespaces whose payloads prove whose
// they are. Thread-safe.
#ifndef PARACLE_TESTS_DRILLS_ENTRY_POOL_H_
#define PARACLE_TESTS_DRILLS_ENTRY_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "paracle/cache/v1/cache.pb.h"

namespace paracle::drills {

class EntryPool {
 public:
  EntryPool(int namespaces, int entries_each, size_t payload_bytes);

  int size() const { return static_cast<int>(entries_.size()); }

  cache::v1::GetRequest Get(int entry) const;
  // Of a version that nobody has stored yet.
  cache::v1::SetRequest Set(int entry, const std::string& fill_token);

  // Whether the answer is this entry's, whole, and of a version that was stored.
  bool IsRight(int entry, const cache::v1::Hit& hit) const;

 private:
  struct Entry {
    std::string ns;
    std::string digest;
    std::atomic<uint64_t> versions = 0;
  };

  const size_t payload_bytes_;
  std::vector<Entry> entries_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_ENTRY_POOL_H_

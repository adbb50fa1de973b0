// AddressBook lists the servers that can be connected to now: a client that follows a Cluster or Sentinels keeps it, and
// who needs a connection of its own, as a Subscriber does, picks from it. Thread-safe.
#ifndef PARACLE_CACHECORE_REDIS_ADDRESS_BOOK_H_
#define PARACLE_CACHECORE_REDIS_ADDRESS_BOOK_H_

#include <optional>
#include <utility>
#include <vector>

#include "cachecore/mutex.h"
#include "cachecore/redis/url.h"

namespace paracle::cachecore::redis {

class AddressBook {
 public:
  explicit AddressBook(std::vector<Url> servers) : servers_(std::move(servers)) {}

  void Publish(std::vector<Url> servers) {
    MutexLock lock(mutex_);
    servers_ = std::move(servers);
  }

  // Another one for each attempt, in turns; nullopt: none is known.
  std::optional<Url> Pick(unsigned attempt) const {
    MutexLock lock(mutex_);
    if (servers_.empty()) return std::nullopt;
    return servers_[attempt % servers_.size()];
  }

 private:
  mutable Mutex mutex_;
  std::vector<Url> servers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_ADDRESS_BOOK_H_

// Waker is told that there may be something to do. Held by shared_ptr by whoever tells it.
#ifndef PARACLE_CACHECORE_WAKER_H_
#define PARACLE_CACHECORE_WAKER_H_

#include <memory>

#include "absl/container/flat_hash_map.h"

namespace paracle::cachecore {

class Waker {
 public:
  virtual ~Waker() = default;

  // From any thread, never under a lock of the caller's; perhaps when nothing has happened.
  virtual void Wake() = 0;
};

// Whoever waits for one thing, each once.
using Wakers = absl::flat_hash_map<const Waker*, std::weak_ptr<Waker>>;

// REQUIRES: no lock is held that a waker takes.
inline void WakeAll(const Wakers& wakers) {
  for (const auto& [_, waker] : wakers) {
    if (const std::shared_ptr<Waker> alive = waker.lock()) alive->Wake();
  }
}

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_WAKER_H_

// A cache that answers when the test says so: stands for a slow tier.
#ifndef PARACLE_TESTS_SERVICE_HELD_CACHE_H_
#define PARACLE_TESTS_SERVICE_HELD_CACHE_H_

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "cachecore/cache.h"

namespace paracle::service {

// Holds every Get until ReleaseAll; then, and for Gets that come later, each is a miss. Thread-safe.
class HeldCache final : public cachecore::Cache {
 public:
  ~HeldCache() override { ReleaseAll(); }

  void Get(const cachecore::EntryId&, absl::Time, GetDone done) override {
    {
      std::lock_guard lock(mutex_);
      ++asked_;
      changed_.notify_all();
      if (!released_) return held_.push_back(std::move(done));
    }
    std::move(done)(cachecore::Miss{});
  }

  void Set(const cachecore::EntrySpec&, absl::Time, SetDone done) override {
    if (hold_sets) HoldThread();
    std::move(done)(cachecore::SetOutcome{});
  }

  // Holds the caller's thread, as walking a large cache does.
  void Invalidate(const cachecore::InvalidationTarget&, bool, InvalidateDone done) override {
    HoldThread();
    std::move(done)(cachecore::InvalidateOutcome{});
  }

  cachecore::Usage GetUsage() const override { return {}; }

  // Whether a Set holds the caller's thread too: the queue that it came by then serves nobody. Before the first call.
  bool hold_sets = false;

  // Blocks until `count` calls that are held, or would have been, have come in all.
  void WaitUntilAsked(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ >= count; });
  }

  int asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }

  void ReleaseAll() {
    std::vector<GetDone> held;
    {
      std::lock_guard lock(mutex_);
      released_ = true;
      held.swap(held_);
      changed_.notify_all();
    }
    for (GetDone& done : held) std::move(done)(cachecore::Miss{});
  }

 private:
  void HoldThread() {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return released_; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<GetDone> held_;
  int asked_ = 0;
  bool released_ = false;
};

}  // namespace paracle::service

#endif  // PARACLE_TESTS_SERVICE_HELD_CACHE_H_

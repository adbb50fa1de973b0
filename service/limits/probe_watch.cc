#include "service/limits/probe_watch.h"

#include <unistd.h>

#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "cachecore/mutex.h"
#include "service/limits/thread_clock.h"

namespace paracle::service {

// Those that have answered, and what is still to be answered. Thread-safe.
class ProbeWatch::Threads {
 public:
  void Asked(uint64_t question) {
    cachecore::MutexLock lock(mutex_);
    unanswered_.insert(question);
  }

  // On the thread itself.
  void Answered(uint64_t question) {
    cachecore::MutexLock lock(mutex_);
    unanswered_.erase(question);
    Thread& thread = threads_[gettid()];
    thread.clock = ThreadClock::OfThisThread();
    ++thread.answers;
  }

  size_t unanswered() const {
    cachecore::MutexLock lock(mutex_);
    return unanswered_.size();
  }

  // 0: none.
  uint64_t oldest_unanswered() const {
    cachecore::MutexLock lock(mutex_);
    return unanswered_.empty() ? 0 : *unanswered_.begin();
  }

  std::map<int, Seen> Look() {
    cachecore::MutexLock lock(mutex_);
    std::map<int, Seen> seen;
    for (auto it = threads_.begin(); it != threads_.end();) {
      const std::optional<int64_t> nanos = it->second.clock.CpuNanos();
      if (nanos) seen[it->first] = {it->second.answers, *nanos};
      it = nanos ? std::next(it) : threads_.erase(it);
    }
    return seen;
  }

 private:
  struct Thread {
    ThreadClock clock;
    uint64_t answers = 0;
  };

  mutable cachecore::Mutex mutex_;
  std::map<int, Thread> threads_ ABSL_GUARDED_BY(mutex_);  // By the kernel's number.
  std::set<uint64_t> unanswered_ ABSL_GUARDED_BY(mutex_);
};

ProbeWatch::ProbeWatch(Ask ask, std::chrono::nanoseconds longest)
    : ask_(std::move(ask)), longest_nanos_(longest.count()), threads_(std::make_shared<Threads>()) {}

bool ProbeWatch::HeldUp() {
  bool held_up = false;
  const uint64_t oldest = threads_->oldest_unanswered();
  if (oldest != 0) {
    const std::map<int, Seen> now = threads_->Look();
    if (oldest != oldest_) seen_ = now;
    for (const auto& [thread, then] : seen_) {
      const auto it = now.find(thread);
      if (it == now.end() || it->second.answers != then.answers) continue;
      held_up = held_up || it->second.cpu_nanos - then.cpu_nanos > longest_nanos_;
    }
  }
  oldest_ = oldest;
  if (looks_++ % kAskEvery == 0 || oldest != 0) AskOnce();
  return held_up;
}

void ProbeWatch::AskOnce() {
  if (threads_->unanswered() >= kMostUnanswered) return;
  const uint64_t question = ++asked_;
  threads_->Asked(question);
  ask_([threads = threads_, question] { threads->Answered(question); });
}

}  // namespace paracle::service

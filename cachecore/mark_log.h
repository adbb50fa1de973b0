// MarkLog keeps a MarkTable up to the shared sequence of invalidations in Redis (mark_scripts.h).
//
// It reads what is new every 500 ms and at every connect; messages of the channel only hurry that: one counts only when
// it is the very next number. All of it runs over the client's control lane, so that answers come in order. Time is
// that of the machine: what is measured is how old a real answer of a real server is.
//
// Thread-safe. It and the table must outlive the client and the subscriber, whose threads call it: end those first.
#ifndef PARACLE_CACHECORE_MARK_LOG_H_
#define PARACLE_CACHECORE_MARK_LOG_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/cache.h"
#include "cachecore/mark_scripts.h"
#include "cachecore/mark_table.h"
#include "cachecore/mutex.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_keys.h"

namespace paracle::cachecore {

struct MarkLogOptions {
  MarkLimits limits;
  absl::Duration read_interval = absl::Milliseconds(500);
  absl::Duration fresh_for = absl::Milliseconds(1500);
  absl::Duration read_timeout = absl::Milliseconds(500);
  absl::Duration add_timeout = absl::Milliseconds(200);  // Of one try; callers give an RPC half a second by default.
};

class MarkLog {
 public:
  // Told on the client's thread when fresh() has changed, within a read's interval.
  using OnFreshness = absl::AnyInvocable<void(bool fresh, const std::string& why)>;

  MarkLog(const MarkLogOptions& options, const RedisKeys* keys, MarkTable* marks, OnFreshness on_freshness)
      : options_(options), keys_(*keys), marks_(*marks), on_freshness_(std::move(on_freshness)) {}

  // Begins to read. Call once, before anything below.
  void Start(redis::Client* client);

  // To be called on the client's thread: the control lane stands anew, or is lost. In between nothing is read.
  void OnConnected();
  void OnLost();

  // To be called from anywhere: the channel said something, or can be heard again.
  void OnMessage(absl::string_view message);
  void Hurry();

  // Whether every mark is known that was there 1.5 s ago. Without it, neither the shared tier's entries nor (in strict
  // consistency) those in memory may be served.
  bool fresh() const;

  // Whether all was read since the control lane stands. Without it, Redis may have begun another history.
  bool caught_up() const { return caught_up_.load(std::memory_order_acquire); }

  // Leaves a mark. OK: Redis has it, and so has the table. UNAVAILABLE: it is not known that Redis has it.
  void Add(const InvalidationTarget& target, absl::AnyInvocable<void(absl::Status) &&> done);

  // Why the last read failed; empty when it did not.
  std::string last_error() const;

 private:
  using AddDone = absl::AnyInvocable<void(absl::Status) &&>;

  void Tick();
  void Read();
  void OnRead(int64_t begun_nanos, absl::StatusOr<MarkAnswer> answer);
  void Try(const MarkName& name, int tries_left, AddDone done);
  void TellOfFreshness();
  void Remember(absl::string_view error);

  const MarkLogOptions options_;
  const RedisKeys& keys_;
  MarkTable& marks_;
  OnFreshness on_freshness_;
  redis::Client* client_ = nullptr;

  // Of the client's thread.
  bool was_fresh_ = false;
  bool reading_ = false;
  bool read_again_ = false;
  bool lost_ = false;

  std::atomic<bool> hurried_ = false;
  std::atomic<bool> caught_up_ = false;
  std::atomic<int64_t> fresh_since_nanos_ = 0;  // When the last good read began; 0: there was none.
  mutable Mutex mutex_;
  std::string last_error_ ABSL_GUARDED_BY(mutex_) = "not connected yet";
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_MARK_LOG_H_

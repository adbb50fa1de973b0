// SharedTier is one Redis or Valkey as this process uses it: the connection, the marks that it follows, the entries,
// the ledger of all replicas. It owns them all, and knows in which order they begin and end. Thread-safe.
#ifndef PARACLE_CACHECORE_SHARED_TIER_H_
#define PARACLE_CACHECORE_SHARED_TIER_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/clock.h"
#include "cachecore/encryption/key_ring.h"
#include "cachecore/entry_codec.h"
#include "cachecore/mark_log.h"
#include "cachecore/reclaimer.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/subscriber.h"
#include "cachecore/redis_cache.h"
#include "cachecore/redis_keys.h"
#include "cachecore/shared_leases.h"
#include "cachecore/shared_ledger.h"
#include "cachecore/tier_state.h"
#include "cachecore/tiered_cache.h"

namespace paracle::cachecore {

struct SharedTierOptions {
  redis::ClientOptions client;
  std::string prefix = "paracle:llm:";
  Consistency consistency = Consistency::kAvailable;
  absl::Duration max_ttl = absl::Hours(24 * 30);  // Longest life of an entry; marks are kept for an hour more.
  // Null: everything lies in Redis in the clear. Else what is stored is sealed (sealed_entry.h).
  std::shared_ptr<const encryption::KeyRing> keys = nullptr;

  // INVALID_ARGUMENT naming the field.
  absl::Status Validate() const;
};

// Told on the client's thread: changes at most once a second, warnings at most once a minute each.
struct SharedTierEvents {
  // `why` is for people; not copied as a Status, whose count TSan cannot see in Debian's Abseil.
  absl::AnyInvocable<void(bool usable, const std::string& why)> on_change = [](bool, const std::string&) {};
  absl::AnyInvocable<void(absl::string_view what)> on_warning = [](absl::string_view) {};
};

struct SharedTierStatus {
  bool usable = false;
  std::string why_not;  // For people; empty while it is usable.
};

class SharedTier {
 public:
  // Connects in the background. REQUIRES: options.Validate().ok(); ledger and clock outlive it.
  SharedTier(const SharedTierOptions& options, size_t max_marks, StatsLedger* ledger, const Clock* clock,
             SharedTierEvents events);
  ~SharedTier();

  // Adds what was counted to the sums, within half a second, and ends the connection: everything pending is answered
  // when it returns, and nothing is called any more. To be called before what uses this tier is destroyed.
  void Stop();

  TierState& state() { return state_; }
  MarkLog& log() { return log_; }
  RedisCache& cache() { return cache_; }
  const RedisCache& cache() const { return cache_; }
  Reclaimer& reclaimer() { return reclaimer_; }
  SharedLeases& leases() { return leases_; }
  SharedLedger& ledger() { return *ledger_; }

  SharedTierStatus status() const;

  // REQUIRES: not stopped.
  redis::ClientCounters client_counters() const { return running_->counters(); }

 private:
  void OnControlConnected();
  void FollowMarks();
  void OnAvailability(bool available, const absl::Status& why);
  void TellOfChange(const std::string& why);
  void TellAgainLater(const std::string& why);

  const RedisKeys keys_;
  const EntryCodec codec_;
  TierState state_;
  SharedTierEvents events_;
  MarkLog log_;
  Reclaimer reclaimer_;
  RedisCache cache_;
  SharedLeases leases_;

  // Of the client's thread.
  bool told_usable_ = false;
  bool told_anything_ = false;
  bool marks_wait_ = false;  // For the data lane, to be read when both stand.
  bool will_tell_ = false;  // Something was told a moment ago; what has become of it is told later.

  mutable Mutex mutex_;
  std::string unavailable_ ABSL_GUARDED_BY(mutex_) = "not connected yet";  // Empty: it is available.

  std::atomic<bool> started_ = false;  // The client's thread may run before the constructor is through,
  redis::Client* running_ = nullptr;   // and still while Stop() lets go of it.
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<SharedLedger> ledger_;
  std::unique_ptr<redis::Subscriber> subscriber_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_SHARED_TIER_H_

// RedisCache is the shared tier: entries in Redis or Valkey, seen by every replica.
//
// An entry read back is served only if it is the one that was asked for (digest and namespace are compared), has not
// expired by our own clock, whatever Redis's says, and no mark is newer than its fill. Anything else is a miss, never
// an error. While the marks are not fresh (mark_log.h), or the client's breaker is open, Redis is not asked at all.
//
// Thread-safe; never blocks. Callbacks run on the client's thread, or at once on the caller's. The client must be
// destroyed first: it answers what is pending.
#ifndef PARACLE_CACHECORE_REDIS_CACHE_H_
#define PARACLE_CACHECORE_REDIS_CACHE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "cachecore/cache.h"
#include "cachecore/clock.h"
#include "cachecore/entry_codec.h"
#include "cachecore/mark_log.h"
#include "cachecore/reclaimer.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_keys.h"
#include "cachecore/tier_state.h"

namespace paracle::cachecore {

// What entries read back were found to be; none of these was served.
struct RedisCacheCounters {
  int64_t foreign = 0;  // Of another question or namespace, or not authentic: replies or keys are mixed up.
  int64_t damaged = 0;  // Not whole, not ours, of a format that is not known, or not sealed with a key of ours.
  int64_t expired = 0;  // By our clock, though Redis still had it.
  int64_t stale = 0;    // Invalidated.
  int64_t unasked = 0;  // Lookups for which Redis was not asked.
  int64_t failed = 0;   // Lookups that Redis did not answer in time or with an error.
};

class RedisCache final : public Cache {
 public:
  // Told, at most once a minute, that something in Redis is not what it should be. On the client's thread.
  using Warn = absl::AnyInvocable<void(absl::string_view what)>;

  // All must outlive it but the client, which goes first.
  RedisCache(const RedisKeys* keys, const EntryCodec* codec, TierState* state, MarkLog* log, Reclaimer* reclaimer,
             StatsLedger* ledger, const Clock* clock, Warn warn)
      : keys_(*keys),
        codec_(*codec),
        state_(*state),
        log_(*log),
        reclaimer_(*reclaimer),
        ledger_(*ledger),
        clock_(*clock),
        warn_(std::move(warn)) {}

  // Call once, before anything else.
  void Start(redis::Client* client) { client_ = client; }

  void Get(const EntryId& id, absl::Time deadline, GetDone done) override;
  void Set(const EntrySpec& spec, absl::Time deadline, SetDone done) override;
  void Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) override;
  Usage GetUsage() const override { return {}; }  // Not known.

  // How the tier above uses it. Null: not there, or not to be served.
  using FindDone = absl::AnyInvocable<void(EntryHandle) &&>;
  void Find(const EntryId& id, absl::Time deadline, FindDone done);

  // True: Redis has it. Whether the fill is still valid is judged by whoever reads it. What could not be sealed is not
  // put.
  using PutDone = absl::AnyInvocable<void(bool stored) &&>;
  void Put(const EntrySpec& spec, FillToken begun, absl::Time deadline, PutDone done);

  // The same for the fill of a lease that the shared tier gave: only if it still holds, or was this very fill's.
  enum class LeasedPut { kStored, kLeaseLost, kUnknown };
  using LeasedPutDone = absl::AnyInvocable<void(LeasedPut) &&>;
  void PutLeased(const EntrySpec& spec, FillToken token, absl::Time deadline, LeasedPutDone done);

  // When an entry that is stored now stops being served.
  absl::Time ExpireTime(const EntrySpec& spec) const;

  // Takes the entry out if it is there, valid or not. Nothing is promised: the mark is what counts.
  void Drop(const EntryId& id, absl::AnyInvocable<void(bool found) &&> done);

  // Begins to look for what `target` names, to free its memory.
  void Reclaim(const InvalidationTarget& target);

  // Whether Redis would be asked now.
  bool usable() const { return client_->available() && log_.fresh(); }

  RedisCacheCounters counters() const;

 private:
  EntryHandle Judge(const EntryId& id, const EntryTag& tag, absl::StatusOr<redis::Reply> reply);
  EntryHandle Admit(const EntryId& id, const EntryTag& tag, std::string bytes);
  void Foreign();
  void Suspect(std::atomic<int64_t>& counter, absl::string_view what);
  void Distrust(absl::string_view why);

  const RedisKeys& keys_;
  const EntryCodec& codec_;
  TierState& state_;
  MarkLog& log_;
  Reclaimer& reclaimer_;
  StatsLedger& ledger_;
  const Clock& clock_;
  Warn warn_;
  redis::Client* client_ = nullptr;

  // Of the client's thread.
  int64_t quiet_until_nanos_ = 0;
  int64_t trusting_until_nanos_ = 0;

  std::atomic<int64_t> foreign_ = 0;
  std::atomic<int64_t> damaged_ = 0;
  std::atomic<int64_t> expired_ = 0;
  std::atomic<int64_t> stale_ = 0;
  std::atomic<int64_t> unasked_ = 0;
  std::atomic<int64_t> failed_ = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_REDIS_CACHE_H_

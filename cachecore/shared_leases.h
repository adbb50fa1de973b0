// SharedLeases is the shared tier as leases and recordings see it: asked by scripts (lease_scripts.h,
// record_scripts.h), heard on a channel.
//
// Thread-safe; never blocks. Callbacks run on the client's thread, or at once on the caller's. The client and the
// subscriber go first: they answer, and call, until they have gone.
#ifndef PARACLE_CACHECORE_SHARED_LEASES_H_
#define PARACLE_CACHECORE_SHARED_LEASES_H_

#include <atomic>

#include "absl/strings/string_view.h"
#include "cachecore/entry_codec.h"
#include "cachecore/lease_scripts.h"
#include "cachecore/mark_log.h"
#include "cachecore/record_scripts.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_cache.h"
#include "cachecore/redis_keys.h"

namespace paracle::cachecore {

// Told on the subscriber's thread.
class LeaseListener {
 public:
  virtual ~LeaseListener() = default;
  virtual void OnLeaseMessage(const LeaseMessage& message) = 0;
};

class SharedLeases {
 public:
  // All outlive it.
  SharedLeases(const RedisKeys* keys, const EntryCodec* codec, const RedisCache* cache, const MarkLog* log)
      : keys_(*keys), codec_(*codec), cache_(*cache), log_(*log) {}

  // Call once, before anything else.
  void Start(redis::Client* client) { client_ = client; }

  // Whether the tier would be asked now. Without it, each server gives leases alone. Not before it is known whether the
  // history is still the same: what is begun in one that has ended already is refused later.
  bool usable() const { return cache_.usable() && log_.caught_up(); }

  void Acquire(const LeaseQuery& query, absl::AnyInvocable<void(absl::StatusOr<LeaseAnswer>) &&> done) {
    AcquireLease(*client_, keys_, query, std::move(done));
  }
  void Renew(const EntryId& id, uint64_t lease, absl::Duration hold, absl::Duration max_hold,
             absl::AnyInvocable<void(absl::StatusOr<absl::Duration>) &&> done) {
    RenewLease(*client_, keys_, id, lease, hold, max_hold, std::move(done));
  }
  void Release(const EntryId& id, uint64_t lease, absl::AnyInvocable<void(absl::Status) &&> done) {
    ReleaseLease(*client_, keys_, id, lease, std::move(done));
  }

  void Append(const EntryId& id, uint64_t lease, const RecordingStretch& stretch,
              absl::AnyInvocable<void(absl::StatusOr<bool>) &&> done) {
    AppendRecording(*client_, keys_, codec_, id, lease, stretch, std::move(done));
  }
  void Tail(const EntryId& id, size_t from_chunk, absl::AnyInvocable<void(absl::StatusOr<RecordingTail>) &&> done) {
    ReadRecording(*client_, keys_, codec_, id, from_chunk, std::move(done));
  }

  // Once. REQUIRES: `listener` outlives the subscriber that calls OnMessage.
  void Listen(LeaseListener* listener) { listener_.store(listener, std::memory_order_release); }

  void OnMessage(absl::string_view text) {
    LeaseListener* const listener = listener_.load(std::memory_order_acquire);
    if (listener == nullptr) return;
    if (const auto message = ParseLeaseMessage(text)) listener->OnLeaseMessage(*message);
  }

 private:
  const RedisKeys& keys_;
  const EntryCodec& codec_;
  const RedisCache& cache_;
  const MarkLog& log_;
  redis::Client* client_ = nullptr;
  std::atomic<LeaseListener*> listener_ = nullptr;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_SHARED_LEASES_H_

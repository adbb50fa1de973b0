// Reclaimer frees what invalidated entries take in Redis. Nothing depends on it for correctness: such entries are never
// served, and end with their time to live; this only makes it sooner.
//
// On request it walks the entries of a namespace (SCAN), reads the head of each, and takes out those that a mark or our
// clock says are over: by a script that first compares what was read, so that an entry stored anew meanwhile stays.
// One walk at a time; requests that come meanwhile wait, and are the same request if they are for the same namespace.
//
// Thread-safe: everything happens on the client's thread. It must outlive the client.
#ifndef PARACLE_CACHECORE_RECLAIMER_H_
#define PARACLE_CACHECORE_RECLAIMER_H_

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cachecore/clock.h"
#include "cachecore/entry_codec.h"
#include "cachecore/mark_table.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis_keys.h"

namespace paracle::cachecore {

class Reclaimer {
 public:
  Reclaimer(const RedisKeys* keys, const EntryCodec* codec, const MarkTable* marks, const Clock* clock)
      : keys_(*keys), codec_(*codec), marks_(*marks), clock_(*clock) {}

  // Call once, before anything else.
  void Start(redis::Client* client) { client_ = client; }

  // Walk through that namespace soon.
  void Request(absl::string_view ns);

  int64_t reclaimed() const { return reclaimed_.load(std::memory_order_relaxed); }
  int64_t walks() const { return walks_.load(std::memory_order_relaxed); }  // That have come to their end.

 private:
  void Enqueue(std::string pattern);
  void BeginNext();
  void Scan();
  void OnScan(absl::StatusOr<redis::Reply> reply);
  void Look(const std::string& key);
  void OnHead(const std::string& key, absl::StatusOr<redis::Reply> reply);
  bool IsOver(absl::string_view key, absl::string_view beginning) const;
  void StepDone();
  void TryAgainLater();

  const RedisKeys& keys_;
  const EntryCodec& codec_;
  const MarkTable& marks_;
  const Clock& clock_;
  redis::Client* client_ = nullptr;

  // Of the client's thread.
  std::set<std::string> waiting_;
  std::string pattern_;  // Of the walk under way; empty: there is none.
  std::string cursor_ = "0";
  size_t steps_left_ = 0;  // Answers due before the next SCAN.

  std::atomic<int64_t> reclaimed_ = 0;
  std::atomic<int64_t> walks_ = 0;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECLAIMER_H_

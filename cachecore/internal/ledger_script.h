// The shared ledger as Redis knows it: its keys, the three scripts that are all that ever touches them, and what they
// answer.
//
// Rows and row prefixes are named there as LedgerNames says.
//
//   {prefix}{ledger}:meta         hash: generation (random; another one after Redis lost something), version (grows
//                                 with every change), epoch (grows with every reset), whole (epoch of the last reset of
//                                 all), floor (epoch below which no delta is added), start (ms)
//   {prefix}{ledger}:rows         sorted set: row -> version of its last change
//   {prefix}{ledger}:sums         hash: row -> its counters (ledger_row.h)
//   {prefix}{ledger}:resets       hash: row prefix of a namespace that was reset -> "epoch ms"
//   {prefix}{ledger}:seen:ID      number of the last portion that was added for replica ID; expires
//
// Commands used: GET SET DEL HGET HSET HMGET HGETALL HINCRBY HDEL HLEN ZADD ZREM ZCARD ZSCORE ZRANGE ZRANGEBYSCORE, by
// EVALSHA and EVAL.
#ifndef PARACLE_CACHECORE_INTERNAL_LEDGER_SCRIPT_H_
#define PARACLE_CACHECORE_INTERNAL_LEDGER_SCRIPT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/internal/ledger_names.h"
#include "cachecore/internal/ledger_row.h"
#include "cachecore/redis/client.h"

namespace paracle::cachecore::internal {

// How far one replica knows the ledger.
struct LedgerPosition {
  std::string generation;  // Empty: nothing is known.
  int64_t version = 0;
  int64_t epoch = 0;
};

// What it knows of it.
struct SharedSums {
  struct Reset {
    int64_t epoch = 0;
    int64_t at_ms = 0;
  };

  LedgerPosition at;
  int64_t whole = 0;
  int64_t floor = 0;
  int64_t start_ms = 0;
  RowMap rows;
  std::map<std::string, Reset, std::less<>> resets;  // By the row prefix of the namespace.
};

// One answer of Flush.
struct LedgerUpdate {
  bool lost = false;  // Redis has no ledger, or an older state than is known here. Nothing else is told then.
  bool full = false;  // `sums` has all rows and resets, else those that changed.
  SharedSums sums;
};

class LedgerScripts {
 public:
  LedgerScripts(redis::Client* client, absl::string_view prefix, absl::string_view replica, absl::Duration timeout,
                LedgerNames names);

  struct FlushRequest {
    LedgerPosition known;
    int64_t number = 0;  // Of the portion; 0: nothing to add, only tell.
    RowMap rows;
    absl::Duration seen_ttl;
    size_t max_rows = 0;
  };

  // Adds the portion, unless it was added before or the generation is another one, and tells what changed since
  // `known`. What was counted before a reset that `known` does not know is not added.
  void Flush(const FlushRequest& request, redis::Client::Done done) const;
  absl::StatusOr<LedgerUpdate> ParseFlush(const absl::StatusOr<redis::Reply>& reply) const;

  // If Redis has no ledger, or an older state than `known` of the same generation: what is known is the ledger, under
  // the new generation.
  void Restore(const SharedSums& known, absl::string_view new_generation, redis::Client::Done done) const;

  // Sums of `ns` (empty: all) start again at `now`. True: done; false: there is no ledger.
  void Reset(absl::string_view ns, absl::Time now, redis::Client::Done done) const;
  static absl::StatusOr<bool> ParseReset(const absl::StatusOr<redis::Reply>& reply);

 private:
  redis::Client* const client_;
  const absl::Duration timeout_;
  const LedgerNames names_;
  const std::string meta_, rows_, sums_, resets_, seen_;
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_LEDGER_SCRIPT_H_

// Script is one fixed Lua text, sent by its digest (EVALSHA), or whole (EVAL) to a server that does not have it yet.
//
// Users' data goes into keys and arguments only, never into the text. A server that answers NOSCRIPT has done nothing,
// so asking again is safe. Immutable; thread-safe.
#ifndef PARACLE_CACHECORE_REDIS_SCRIPT_H_
#define PARACLE_CACHECORE_REDIS_SCRIPT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cachecore/redis/client.h"

namespace paracle::cachecore::redis {

class Script {
 public:
  // REQUIRES: `text` is a literal, or lives as long as any client that runs it.
  explicit Script(absl::string_view text);

  // As Client::Send; both ways together take at most `timeout`. Keys and arguments are copied twice: they are to be
  // small.
  void Send(Client& client, Lane lane, absl::Span<const absl::string_view> keys,
            absl::Span<const absl::string_view> arguments, absl::Duration timeout, Client::Done done) const;

 private:
  Command Make(absl::string_view command, absl::string_view script, absl::Span<const absl::string_view> keys,
               absl::Span<const absl::string_view> arguments) const;

  const absl::string_view text_;
  const std::string digest_;  // SHA-1, in hex.
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SCRIPT_H_

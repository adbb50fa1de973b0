// Reply is one answer of a Redis or Valkey server (RESP2): what replaces hiredis' own reply objects.
//
// A value type; not synchronised. Text is bytes as they came.
#ifndef PARACLE_CACHECORE_REDIS_REPLY_H_
#define PARACLE_CACHECORE_REDIS_REPLY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace paracle::cachecore::redis {

struct Reply {
  enum class Type { kNil, kStatus, kError, kInteger, kString, kArray };

  Type type = Type::kNil;
  int64_t integer = 0;               // kInteger.
  std::string text = {};             // kStatus, kError (with its code word, as "WRONGTYPE ..."), kString.
  std::vector<Reply> elements = {};  // kArray; errors may stand inside.

  bool is_nil() const { return type == Type::kNil; }
  bool is_string() const { return type == Type::kString; }
  bool is_integer() const { return type == Type::kInteger; }
  bool is_array() const { return type == Type::kArray; }
  bool is_error() const { return type == Type::kError; }
  bool is_ok() const { return type == Type::kStatus && text == "OK"; }
};

// The status that an error reply stands for, its code word in the message:
//   LOADING, MASTERDOWN, CLUSTERDOWN, BUSY, TRYAGAIN, READONLY, MISCONF -> UNAVAILABLE
//   OOM -> RESOURCE_EXHAUSTED;  NOAUTH, WRONGPASS, NOPERM -> PERMISSION_DENIED;  NOSCRIPT -> NOT_FOUND;  others ->
//   INTERNAL
// OK for any reply that is no error.
absl::Status StatusOf(const Reply& reply);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_REPLY_H_

// What a node of a Cluster says when a command belongs to another one: "MOVED <slot> <host>:<port>", from now on, or
// "ASK <slot> <host>:<port>", this time, behind ASKING.
#ifndef PARACLE_CACHECORE_REDIS_REDIRECT_H_
#define PARACLE_CACHECORE_REDIS_REDIRECT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "cachecore/redis/reply.h"

namespace paracle::cachecore::redis {

struct Redirect {
  bool ask = false;
  int slot = 0;
  std::string host;  // Empty: that of the node which said so. Without brackets.
  uint16_t port = 0;
};

// nullopt: it is something else.
std::optional<Redirect> ParseRedirect(const Reply& reply);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_REDIRECT_H_

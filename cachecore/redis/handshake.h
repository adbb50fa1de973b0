// What is said on a new connection before anything else: AUTH, SELECT, CLIENT SETNAME, PING.
#ifndef PARACLE_CACHECORE_REDIS_HANDSHAKE_H_
#define PARACLE_CACHECORE_REDIS_HANDSHAKE_H_

#include <asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/reply_reader.h"
#include "cachecore/redis/stream.h"

namespace paracle::cachecore::redis {

// OK: the server serves us. PERMISSION_DENIED: it wants another user or password. Whoever closes the stream ends it.
asio::awaitable<absl::Status> ShakeHands(Stream& stream, ReplyReader& reader, const ClientOptions& options);

// The plain steps that it is made of.
asio::awaitable<absl::Status> WriteAll(Stream& stream, absl::string_view bytes);
asio::awaitable<absl::StatusOr<Reply>> ReadReply(Stream& stream, ReplyReader& reader);

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_HANDSHAKE_H_

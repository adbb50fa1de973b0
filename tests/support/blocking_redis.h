// BlockingRedis talks to a Redis as a test likes it: one call, one answer, in plain text. By hiredis, so that what it
// says is nobody's opinion but Redis' own client's.
//
// Not thread-safe. Every call is bounded by the timeout; when one runs out, the connection is of no more use.
#ifndef PARACLE_TESTS_SUPPORT_BLOCKING_REDIS_H_
#define PARACLE_TESTS_SUPPORT_BLOCKING_REDIS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

struct redisContext;

namespace paracle::support {

struct RedisReply {
  enum class Kind { kNil, kStatus, kString, kInteger, kArray, kError, kBroken };
  Kind kind = Kind::kBroken;
  std::string text;  // Of a status, string or error; of kBroken: what happened to the connection.
  int64_t integer = 0;
  std::vector<RedisReply> elements;

  bool nil() const { return kind == Kind::kNil; }
  bool error() const { return kind == Kind::kError; }
  bool broken() const { return kind == Kind::kBroken; }
  // In one line, for comparing and for messages: `(nil)`, `OK`, `7`, `[a, b]`, `(error) LOADING ...`, `(broken) ...`.
  std::string ToString() const;
};

class BlockingRedis {
 public:
  // Connects, or has every call answer kBroken with the reason.
  static BlockingRedis Tcp(int port, absl::Duration timeout = absl::Seconds(5));
  static BlockingRedis Unix(const std::string& path, absl::Duration timeout = absl::Seconds(5));

  RedisReply Command(const std::vector<std::string>& words);

  // Pipelining: commands are sent by the first Read, which gives their replies one by one.
  void Append(const std::vector<std::string>& words);
  RedisReply Read();

  bool connected() const;

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  BlockingRedis(redisContext* context, absl::Duration timeout);
  RedisReply Broken() const;

  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_BLOCKING_REDIS_H_

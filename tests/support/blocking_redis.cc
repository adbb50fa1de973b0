#include "tests/support/blocking_redis.h"

#include <hiredis/hiredis.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace paracle::support {
namespace {

using Kind = RedisReply::Kind;

Kind KindOf(int type) {
  switch (type) {
    case REDIS_REPLY_STATUS:
      return Kind::kStatus;
    case REDIS_REPLY_STRING:
      return Kind::kString;
    case REDIS_REPLY_INTEGER:
      return Kind::kInteger;
    case REDIS_REPLY_ARRAY:
      return Kind::kArray;
    case REDIS_REPLY_ERROR:
      return Kind::kError;
    default:
      return Kind::kNil;
  }
}

RedisReply Copied(const redisReply& reply) {
  RedisReply copy = {.kind = KindOf(reply.type), .text = "", .integer = reply.integer, .elements = {}};
  if (reply.str != nullptr) copy.text.assign(reply.str, reply.len);
  for (size_t i = 0; copy.kind == Kind::kArray && i < reply.elements; ++i) {
    copy.elements.push_back(Copied(*reply.element[i]));
  }
  return copy;
}

struct Words {
  explicit Words(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      pointers.push_back(word.data());
      sizes.push_back(word.size());
    }
  }
  int count() const { return static_cast<int>(pointers.size()); }
  std::vector<const char*> pointers;
  std::vector<size_t> sizes;
};

}  // namespace

std::string RedisReply::ToString() const {
  switch (kind) {
    case Kind::kNil:
      return "(nil)";
    case Kind::kInteger:
      return absl::StrCat(integer);
    case Kind::kError:
      return absl::StrCat("(error) ", text);
    case Kind::kBroken:
      return absl::StrCat("(broken) ", text);
    case Kind::kArray: {
      const auto element = [](std::string* out, const RedisReply& reply) { out->append(reply.ToString()); };
      return absl::StrCat("[", absl::StrJoin(elements, ", ", element), "]");
    }
    default:
      return text;
  }
}

void BlockingRedis::Free::operator()(redisContext* context) const { redisFree(context); }

BlockingRedis::BlockingRedis(redisContext* context, absl::Duration timeout) : context_(context) {
  if (connected()) redisSetTimeout(context, absl::ToTimeval(timeout));
}

BlockingRedis BlockingRedis::Tcp(int port, absl::Duration timeout) {
  return BlockingRedis(redisConnectWithTimeout("127.0.0.1", port, absl::ToTimeval(timeout)), timeout);
}

BlockingRedis BlockingRedis::Unix(const std::string& path, absl::Duration timeout) {
  return BlockingRedis(redisConnectUnixWithTimeout(path.c_str(), absl::ToTimeval(timeout)), timeout);
}

bool BlockingRedis::connected() const { return context_ != nullptr && context_->err == 0; }

RedisReply BlockingRedis::Broken() const {
  return {.kind = Kind::kBroken,
          .text = context_ == nullptr ? "no memory" : context_->errstr,
          .integer = 0,
          .elements = {}};
}

void BlockingRedis::Append(const std::vector<std::string>& command) {
  Words words(command);
  if (connected()) redisAppendCommandArgv(context_.get(), words.count(), words.pointers.data(), words.sizes.data());
}

RedisReply BlockingRedis::Read() {
  void* reply = nullptr;
  if (!connected() || redisGetReply(context_.get(), &reply) != REDIS_OK) return Broken();
  RedisReply copy = Copied(*static_cast<redisReply*>(reply));
  freeReplyObject(reply);
  return copy;
}

RedisReply BlockingRedis::Command(const std::vector<std::string>& words) {
  Append(words);
  return Read();
}

}  // namespace paracle::support

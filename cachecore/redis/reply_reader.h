// ReplyReader turns the bytes of a connection into Replies: hiredis' parser, building our values, under limits of ours.
//
//   Buffer -> the socket reads into it -> Commit -> Next until there is none -> Buffer ...
//
// Bulk strings at the top level, which is what entries are, do not pass through the parser's own buffer: short ones are
// copied once, and of a long one Buffer is the tail of the Reply's own string. Memory is taken because bytes came,
// never because a length was announced.
//
// Not synchronised. An error is final: the stream has lost its frame.
#ifndef PARACLE_CACHECORE_REDIS_REPLY_READER_H_
#define PARACLE_CACHECORE_REDIS_REPLY_READER_H_

#include <hiredis/read.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cachecore/redis/reply.h"

namespace paracle::cachecore::redis {

class ReplyReader {
 public:
  static constexpr size_t kChunk = 64 << 10;
  static constexpr size_t kLongBulk = 16 << 10;                     // From here on read in place.
  static constexpr size_t kLongestBulk = (size_t{1} << 30) + 4096;  // An entry and its envelope.
  static constexpr size_t kLongestLine = 64 << 10;
  static constexpr size_t kMostElements = size_t{1} << 20;  // Of one array.

  ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // Where the next bytes belong. Never empty. Valid until the next call of anything.
  absl::Span<char> Buffer();

  // The first `size` bytes of Buffer have been filled.
  void Commit(size_t size);

  // nullopt: more bytes are needed. INTERNAL: a protocol error, from now on for ever.
  absl::StatusOr<std::optional<Reply>> Next();

  // A long bulk string has begun and not ended.
  bool reading_long() const { return long_size_ > 0; }

 private:
  struct Free {
    void operator()(redisReader* parser) const { redisReaderFree(parser); }
  };

  static redisReplyObjectFunctions Functions();
  static void* Place(const redisReadTask* task, Reply reply);

  absl::string_view Unread() const { return {chunk_.get() + begin_, end_ - begin_}; }

  // Each of them nullopt: more bytes are needed, or Break has been called.
  std::optional<Reply> NextWhole();
  std::optional<Reply> NextBulk(absl::string_view line);
  std::optional<Reply> NextParsed(size_t size);
  std::optional<Reply> GoOnParsing();
  std::optional<Reply> FinishLong();

  void BeginLong(size_t size);
  void Break(absl::string_view why);

  redisReplyObjectFunctions functions_ = Functions();
  std::unique_ptr<redisReader, Free> parser_;
  Reply root_;              // What it is building.
  bool mid_reply_ = false;  // It has begun one.

  std::unique_ptr<char[]> chunk_;  // Come, and not read: from begin_ to end_.
  size_t begin_ = 0;
  size_t end_ = 0;

  // A long bulk string on its way. long_size_ counts its CRLF; 0: none.
  std::string long_;
  size_t long_size_ = 0;
  size_t long_come_ = 0;

  absl::Status error_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_REPLY_READER_H_

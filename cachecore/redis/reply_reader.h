// ReplyReader turns the bytes of a connection into Replies: hiredis' parser, building our values, under limits of ours.
//
//   Buffer -> the socket reads into it -> Commit -> Next until there is none -> Buffer ...
//
// A long bulk string at the top level hardly touches the parser: once its head is seen, Buffer is the tail of the
// Reply's own string. Memory is taken because bytes came, never because a length was announced.
//
// Not synchronised. An error is final: the stream has lost its frame.
#ifndef PARACLE_CACHECORE_REDIS_REPLY_READER_H_
#define PARACLE_CACHECORE_REDIS_REPLY_READER_H_

#include <hiredis/read.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

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

 private:
  struct Free {
    void operator()(redisReader* parser) const { redisReaderFree(parser); }
  };

  static redisReplyObjectFunctions Functions();
  static void* Place(const redisReadTask* task, Reply reply);

  void ResetParser();
  absl::string_view Unparsed() const;
  // Whether the parser is to go on: not when the next reply is a long bulk string, or its first line is incomplete.
  bool ParserMayGoOn();
  // Takes the bulk string that begins `come`, and whose rest is yet to come, out of the parser.
  void BeginLong(size_t size, absl::string_view come);
  std::optional<Reply> FinishLong();
  std::optional<Reply> Parse();
  bool Break(absl::string_view why);

  redisReplyObjectFunctions functions_ = Functions();
  std::unique_ptr<redisReader, Free> parser_;
  std::unique_ptr<char[]> chunk_;
  Reply root_;              // What the parser is building.
  bool mid_reply_ = false;  // The parser has begun one.

  // A long bulk string on its way. long_size_ counts its CRLF; 0: none.
  std::string long_;
  size_t long_size_ = 0;
  size_t long_come_ = 0;

  absl::Status error_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_REPLY_READER_H_

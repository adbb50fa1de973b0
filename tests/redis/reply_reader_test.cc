// ReplyReader: any cut of the stream gives the same replies, the same that hiredis gives; garbage ends it for good.
#include "cachecore/redis/reply_reader.h"

#include <gmock/gmock.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace paracle::cachecore::redis {
namespace {

// In one line, so that two trees are compared by their text.
std::string Print(const Reply& reply) {
  switch (reply.type) {
    case Reply::Type::kNil:
      return "nil";
    case Reply::Type::kStatus:
      return "+" + reply.text;
    case Reply::Type::kError:
      return "-" + reply.text;
    case Reply::Type::kInteger:
      return absl::StrCat(":", reply.integer);
    case Reply::Type::kString:
      return absl::StrCat("\"", reply.text, "\"");
    case Reply::Type::kArray:
      break;
  }
  std::string text = "[";
  for (const Reply& element : reply.elements) absl::StrAppend(&text, Print(element), ",");
  return text + "]";
}

std::string Print(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_NIL:
      return "nil";
    case REDIS_REPLY_INTEGER:
      return absl::StrCat(":", reply.integer);
    case REDIS_REPLY_ARRAY:
      break;
    default:
      const std::string text(reply.str, reply.len);
      if (reply.type == REDIS_REPLY_STATUS) return "+" + text;
      return reply.type == REDIS_REPLY_ERROR ? "-" + text : absl::StrCat("\"", text, "\"");
  }
  std::string text = "[";
  for (size_t i = 0; i < reply.elements; ++i) absl::StrAppend(&text, Print(*reply.element[i]), ",");
  return text + "]";
}

struct Outcome {
  std::vector<std::string> replies;
  absl::Status error;
};

class Feeder {
 public:
  // Puts the bytes where the reader wants them.
  void Feed(absl::string_view bytes) {
    while (!bytes.empty() && outcome_.error.ok()) {
      const absl::Span<char> buffer = reader_.Buffer();
      ASSERT_FALSE(buffer.empty());
      const size_t size = std::min(buffer.size(), bytes.size());
      std::memcpy(buffer.data(), bytes.data(), size);
      reader_.Commit(size);
      bytes.remove_prefix(size);
      Drain();
    }
  }

  const Outcome& outcome() const { return outcome_; }
  ReplyReader& reader() { return reader_; }

 private:
  void Drain() {
    while (true) {
      auto next = reader_.Next();
      if (!next.ok()) outcome_.error = next.status();
      if (!next.ok() || !next->has_value()) return;
      outcome_.replies.push_back(Print(**next));
    }
  }

  ReplyReader reader_;
  Outcome outcome_;
};

Outcome Read(absl::string_view bytes) {
  Feeder feeder;
  feeder.Feed(bytes);
  return feeder.outcome();
}

std::string Bulk(absl::string_view text) { return absl::StrCat("$", text.size(), "\r\n", text, "\r\n"); }

const struct {
  std::string wire;
  std::string printed;
} kReplies[] = {
    {"+OK\r\n", "+OK"},
    {"+\r\n", "+"},
    {"-WRONGTYPE Operation\r\n", "-WRONGTYPE Operation"},
    {":0\r\n", ":0"},
    {":-9223372036854775808\r\n", ":-9223372036854775808"},
    {"$-1\r\n", "nil"},
    {"$0\r\n\r\n", "\"\""},
    {Bulk("a\r\n$3\r\nb"), "\"a\r\n$3\r\nb\""},
    {"*-1\r\n", "nil"},
    {"*0\r\n", "[]"},
    {"*3\r\n:1\r\n-ERR inside\r\n$-1\r\n", "[:1,-ERR inside,nil,]"},
    {"*2\r\n*2\r\n+a\r\n*0\r\n*1\r\n*1\r\n$1\r\nx\r\n", "[[+a,[],],[[\"x\",],],]"},
    {Bulk(std::string(ReplyReader::kLongBulk, 'L')),
     absl::StrCat("\"", std::string(ReplyReader::kLongBulk, 'L'), "\"")},
};

TEST(ReplyReaderTest, ReadsEveryKind) {
  for (const auto& c : kReplies) {
    const Outcome outcome = Read(c.wire);
    EXPECT_TRUE(outcome.error.ok()) << outcome.error;
    EXPECT_THAT(outcome.replies, testing::ElementsAre(c.printed));
  }
}

TEST(ReplyReaderTest, EverySplitPointGivesTheSame) {
  std::string wire;
  std::vector<std::string> expected;
  for (const auto& c : kReplies) {
    wire += c.wire;
    expected.push_back(c.printed);
  }
  wire += "+end\r\n";
  expected.emplace_back("+end");
  for (size_t cut = 0; cut <= wire.size(); ++cut) {
    // Within the long string any cut is like another.
    if (cut > 400 && cut + 400 < wire.size() && cut % 97 != 0) continue;
    Feeder feeder;
    feeder.Feed(absl::string_view(wire).substr(0, cut));
    feeder.Feed(absl::string_view(wire).substr(cut));
    ASSERT_EQ(feeder.outcome().replies, expected) << "cut at " << cut;
  }
}

TEST(ReplyReaderTest, OneByteAtATimeGivesTheSame) {
  for (const auto& c : kReplies) {
    Feeder feeder;
    for (char byte : c.wire) feeder.Feed(absl::string_view(&byte, 1));
    EXPECT_THAT(feeder.outcome().replies, testing::ElementsAre(c.printed));
  }
}

TEST(ReplyReaderTest, LongBulkStringsFollowEachOther) {
  std::string wire;
  std::vector<std::string> expected;
  for (size_t size : {ReplyReader::kLongBulk - 1, ReplyReader::kLongBulk, size_t{100'000}, size_t{1'000'000}}) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    wire += Bulk(text) + "+between\r\n";
    expected.push_back(absl::StrCat("\"", text, "\""));
    expected.emplace_back("+between");
  }
  for (size_t piece : {size_t{1000}, ReplyReader::kChunk - 1, ReplyReader::kChunk, wire.size()}) {
    Feeder feeder;
    for (size_t at = 0; at < wire.size(); at += piece) feeder.Feed(absl::string_view(wire).substr(at, piece));
    ASSERT_EQ(feeder.outcome().replies, expected) << "in pieces of " << piece;
  }
}

TEST(ReplyReaderTest, AnAnnouncedLengthTakesNoMemoryBeforeTheBytesCome) {
  Feeder feeder;
  feeder.Feed("$1073741824\r\nx");
  EXPECT_TRUE(feeder.outcome().error.ok());
  EXPECT_LT(feeder.reader().Buffer().size(), size_t{1} << 20);
  EXPECT_TRUE(Read("*1048576\r\n").error.ok());
}

TEST(ReplyReaderTest, GarbageIsAnErrorForEver) {
  const struct {
    const char* why;
    std::string wire;
  } kGarbage[] = {
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"},
      {"TLS alert", std::string("\x15\x03\x01\x00\x02\x02\x46", 7)},
      {"zero byte", std::string(1, '\0')},
      {"negative length", "$-2\r\n"},
      {"length too long", "$1073745921\r\n"},
      {"length beyond 64 bits", "$99999999999999999999\r\n"},
      {"length with letters", "$12a\r\n"},
      {"no length", "$\r\n"},
      {"no CRLF behind a short bulk string", "$3\r\nabcde"},
      {"no CRLF behind a long bulk string", absl::StrCat("$20000\r\n", std::string(20'002, 'x'))},
      {"no CRLF behind a bulk string in an array", "*1\r\n$3\r\nabcde"},
      {"array too long", "*2147483647\r\n"},
      {"array beyond an int", "*4294967296\r\n"},
      {"array of negative length", "*-2\r\n"},
      {"too deep", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"},
      {"RESP3 map", "%1\r\n+a\r\n+b\r\n"},
      {"unknown type in an array", "*1\r\n!1\r\nx\r\n"},
      {"integer with letters", ":1x\r\n"},
      {"a line without end", absl::StrCat("+", std::string(70'000, 'x'))},
  };
  for (const auto& c : kGarbage) {
    SCOPED_TRACE(c.why);
    Feeder feeder;
    feeder.Feed("+before\r\n" + c.wire);
    EXPECT_EQ(feeder.outcome().error.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(feeder.outcome().replies, testing::ElementsAre("+before"));
    feeder.reader().Buffer()[0] = '+';
    feeder.reader().Commit(1);
    EXPECT_EQ(feeder.reader().Next().status(), feeder.outcome().error) << "an error is final";
  }
}

std::string RandomReply(std::minstd_rand& random, int depth) {
  switch (random() % (depth > 0 ? 6 : 5)) {
    case 0:
      return absl::StrCat("+", random() % 100, "\r\n");
    case 1:
      return absl::StrCat("-ERR ", random() % 100, "\r\n");
    case 2:
      return absl::StrCat(":", static_cast<int64_t>(random()) - (1 << 30), "\r\n");
    case 3:
      return "$-1\r\n";
    case 4:
      return Bulk(std::string(random() % (random() % 8 == 0 ? 60'000 : 50), '\n'));
    default:
      break;
  }
  const size_t count = random() % 4;
  std::string text = absl::StrCat("*", count, "\r\n");
  for (size_t i = 0; i < count; ++i) text += RandomReply(random, depth - 1);
  return text;
}

std::vector<std::string> ReadByHiredis(absl::string_view bytes) {
  redisReader* reader = redisReaderCreate();
  redisReaderFeed(reader, bytes.data(), bytes.size());
  std::vector<std::string> replies;
  void* reply = nullptr;
  while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != nullptr) {
    replies.push_back(Print(*static_cast<redisReply*>(reply)));
    freeReplyObject(reply);
  }
  redisReaderFree(reader);
  return replies;
}

TEST(ReplyReaderTest, AgreesWithHiredisOnRandomStreamsInRandomPieces) {
  std::minstd_rand random(20'240'607);
  for (int round = 0; round < 300; ++round) {
    std::string wire;
    for (size_t i = random() % 20; i > 0; --i) wire += RandomReply(random, 4);
    Feeder feeder;
    for (absl::string_view rest = wire; !rest.empty();) {
      const size_t size = std::min<size_t>(rest.size(), 1 + random() % (random() % 2 == 0 ? 20 : 30'000));
      feeder.Feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    ASSERT_TRUE(feeder.outcome().error.ok()) << "round " << round;
    ASSERT_EQ(feeder.outcome().replies, ReadByHiredis(wire)) << "round " << round;
  }
}

TEST(ReplyReaderTest, SurvivesRandomDamage) {
  std::minstd_rand random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string wire;
    for (int i = 0; i < 5; ++i) wire += RandomReply(random, 3);
    for (int i = 0; i < 3; ++i) wire[random() % wire.size()] = static_cast<char>(random());
    Read(wire);
  }
}

}  // namespace
}  // namespace paracle::cachecore::redis

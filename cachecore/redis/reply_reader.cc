#include "cachecore/redis/reply_reader.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace paracle::cachecore::redis {
namespace {

constexpr size_t kStep = 256 << 10;         // A string is zeroed before it is read into: by what the cache holds.
constexpr size_t kMostReserved = 64 << 20;  // Address space only: the pages come with the bytes.
constexpr size_t kParserKeeps = 256 << 10;
constexpr absl::string_view kCrlf = "\r\n";

Reply::Type TextType(int type) {
  if (type == REDIS_REPLY_STATUS) return Reply::Type::kStatus;
  return type == REDIS_REPLY_ERROR ? Reply::Type::kError : Reply::Type::kString;
}

// The types of RESP3, which hiredis knows from 1.0 on and we never ask for.
template <typename Functions>
void RefuseResp3(Functions& functions) {
  if constexpr (requires { functions.createDouble; }) {
    functions.createDouble = [](auto...) -> void* { return nullptr; };
    functions.createBool = [](auto...) -> void* { return nullptr; };
  }
}

}  // namespace

// A null pointer makes hiredis give up, as if memory had run out.
redisReplyObjectFunctions ReplyReader::Functions() {
  redisReplyObjectFunctions functions = {};
  functions.createString = [](const redisReadTask* task, char* text, size_t size) -> void* {
    // hiredis does not look at what ends a bulk string. It has made sure that the two bytes are there.
    if (task->type == REDIS_REPLY_STRING && absl::string_view(text + size, 2) != kCrlf) return nullptr;
    return Place(task, {.type = TextType(task->type), .text = std::string(text, size)});
  };
  // An int in hiredis 0.14, a size_t from 1.0 on. Nothing is reserved: the count is an announcement.
  functions.createArray = [](const redisReadTask* task, auto count) -> void* {
    if (static_cast<size_t>(count) > kMostElements) return nullptr;
    return Place(task, {.type = Reply::Type::kArray});
  };
  functions.createInteger = [](const redisReadTask* task, long long value) -> void* {
    return Place(task, {.type = Reply::Type::kInteger, .integer = value});
  };
  functions.createNil = [](const redisReadTask* task) -> void* { return Place(task, {}); };
  functions.freeObject = [](void*) {};
  RefuseResp3(functions);
  return functions;
}

// A parent grows only between its elements, so pointers to the element under construction stay good.
void* ReplyReader::Place(const redisReadTask* task, Reply reply) {
  Reply* place = &static_cast<ReplyReader*>(task->privdata)->root_;
  if (task->parent != nullptr) place = &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
  *place = std::move(reply);
  return place;
}

ReplyReader::ReplyReader() : chunk_(new char[kChunk]) { ResetParser(); }

void ReplyReader::ResetParser() {
  parser_.reset(redisReaderCreateWithFunctions(&functions_));
  if (parser_ == nullptr) throw std::bad_alloc();
  parser_->privdata = this;
  parser_->maxbuf = kParserKeeps;
}

absl::Span<char> ReplyReader::Buffer() {
  if (long_size_ == 0) return {chunk_.get(), kChunk};
  if (long_.size() == long_come_) long_.resize(std::min(long_size_, long_come_ + kStep));
  return absl::MakeSpan(long_).subspan(long_come_);
}

void ReplyReader::Commit(size_t size) {
  if (!error_.ok()) return;
  if (long_size_ > 0) {
    long_come_ += size;
    assert(long_come_ <= long_.size());
    return;
  }
  if (redisReaderFeed(parser_.get(), chunk_.get(), size) != REDIS_OK) Break(parser_->errstr);
  if (Unparsed().size() > kLongestBulk) Break("a reply is too long");
}

absl::StatusOr<std::optional<Reply>> ReplyReader::Next() {
  std::optional<Reply> reply;
  if (error_.ok()) reply = long_size_ > 0 ? FinishLong() : Parse();
  if (!error_.ok()) return error_;
  return reply;
}

absl::string_view ReplyReader::Unparsed() const { return {parser_->buf + parser_->pos, parser_->len - parser_->pos}; }

std::optional<Reply> ReplyReader::Parse() {
  if (!mid_reply_ && !ParserMayGoOn()) return std::nullopt;
  void* built = nullptr;
  if (redisReaderGetReply(parser_.get(), &built) != REDIS_OK) Break(parser_->errstr);
  mid_reply_ = built == nullptr;
  if (mid_reply_) return std::nullopt;
  return std::exchange(root_, Reply());
}

bool ReplyReader::ParserMayGoOn() {
  const absl::string_view come = Unparsed();
  const size_t end = come.substr(0, kLongestLine).find(kCrlf);
  if (end == absl::string_view::npos) {
    // Garbage is refused by its first byte; the rest of a line may still be coming.
    if (!come.empty() && !absl::StrContains("+-:$*", come.substr(0, 1))) return true;
    return come.size() >= kLongestLine ? Break("a line is too long") : false;
  }
  if (come[0] != '$') return true;
  int64_t size = 0;
  if (!absl::SimpleAtoi(come.substr(1, end - 1), &size) || size < -1)
    return Break("a bulk string's length is no length");
  if (size > static_cast<int64_t>(kLongestBulk)) return Break("a bulk string is too long");
  const absl::string_view bytes = come.substr(end + kCrlf.size());
  if (size < static_cast<int64_t>(kLongBulk) || bytes.size() >= static_cast<size_t>(size) + kCrlf.size()) return true;
  BeginLong(static_cast<size_t>(size), bytes);
  return false;
}

void ReplyReader::BeginLong(size_t size, absl::string_view come) {
  long_size_ = size + kCrlf.size();
  long_come_ = come.size();
  long_.reserve(std::min(long_size_, kMostReserved));
  long_.assign(come.data(), come.size());
  ResetParser();
}

std::optional<Reply> ReplyReader::FinishLong() {
  if (long_come_ < long_size_) return std::nullopt;
  if (!absl::EndsWith(long_, kCrlf)) {
    Break("a bulk string does not end where it said");
    return std::nullopt;
  }
  long_.resize(long_size_ - kCrlf.size());
  long_size_ = long_come_ = 0;
  return Reply{.type = Reply::Type::kString, .text = std::exchange(long_, std::string())};
}

bool ReplyReader::Break(absl::string_view why) {
  if (error_.ok()) error_ = absl::InternalError(absl::StrCat("protocol error: ", why));
  return false;
}

}  // namespace paracle::cachecore::redis

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

constexpr size_t kStep = 256 << 10;  // A string is zeroed before it is read into: by what the cache holds.
constexpr size_t kMostReserved = 64 << 20;
constexpr size_t kFirstStep = 512;
constexpr absl::string_view kCrlf = "\r\n";

Reply::Type TextType(int type) {
  if (type == REDIS_REPLY_STATUS) return Reply::Type::kStatus;
  return type == REDIS_REPLY_ERROR ? Reply::Type::kError : Reply::Type::kString;
}

// Digits only, and few enough for a number: SimpleAtoi takes signs and spaces as well.
bool IsLength(absl::string_view text) {
  return !text.empty() && text.size() <= 10 && text.find_first_not_of("0123456789") == absl::string_view::npos;
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

ReplyReader::ReplyReader() : parser_(redisReaderCreateWithFunctions(&functions_)), chunk_(new char[kChunk]) {
  if (parser_ == nullptr) throw std::bad_alloc();
  parser_->privdata = this;
}

absl::Span<char> ReplyReader::Buffer() {
  if (long_size_ > 0) {
    if (long_.size() == long_come_) long_.resize(std::min(long_size_, long_come_ + kStep));
    return absl::MakeSpan(long_).subspan(long_come_);
  }
  std::memmove(chunk_.get(), chunk_.get() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  return {chunk_.get() + end_, kChunk - end_};
}

void ReplyReader::Commit(size_t size) {
  if (!error_.ok()) return;
  (long_size_ > 0 ? long_come_ : end_) += size;
  assert(end_ <= kChunk && long_come_ <= std::max(long_.size(), long_size_));
}

absl::StatusOr<std::optional<Reply>> ReplyReader::Next() {
  std::optional<Reply> reply;
  if (error_.ok()) reply = long_size_ > 0 ? FinishLong() : mid_reply_ ? GoOnParsing() : NextWhole();
  if (!error_.ok()) return error_;
  return reply;
}

std::optional<Reply> ReplyReader::NextWhole() {
  const absl::string_view come = Unread();
  if (come.empty()) return std::nullopt;
  if (!absl::StrContains("+-:$*", come.substr(0, 1))) {
    Break("an unknown type of reply");
    return std::nullopt;
  }
  const size_t end = come.find(kCrlf);
  if (end == absl::string_view::npos) {
    if (come.size() >= kLongestLine) Break("a line is too long");
    return std::nullopt;
  }
  const absl::string_view line = come.substr(0, end);
  if (line[0] == '$' && line != "$-1") return NextBulk(line);
  return line[0] == '*' ? GoOnParsing() : NextParsed(end + kCrlf.size());
}

std::optional<Reply> ReplyReader::NextBulk(absl::string_view line) {
  size_t size = 0;
  if (!IsLength(line.substr(1)) || !absl::SimpleAtoi(line.substr(1), &size) || size > kLongestBulk) {
    Break("the length of a bulk string");
    return std::nullopt;
  }
  const absl::string_view come = Unread().substr(line.size() + kCrlf.size());
  if (come.size() < size + kCrlf.size()) {
    if (size >= kLongBulk) BeginLong(size);
    return std::nullopt;
  }
  if (come.substr(size, kCrlf.size()) != kCrlf) {
    Break("a bulk string does not end where it said");
    return std::nullopt;
  }
  begin_ += line.size() + size + 2 * kCrlf.size();
  return Reply{.type = Reply::Type::kString, .text = std::string(come.substr(0, size))};
}

// An array's end is not known before it is parsed, so it is fed in growing steps: what was too much is taken back.
std::optional<Reply> ReplyReader::GoOnParsing() {
  std::optional<Reply> reply;
  for (size_t step = kFirstStep; !reply && begin_ < end_ && error_.ok(); step *= 2) {
    reply = NextParsed(std::min(step, end_ - begin_));
  }
  return reply;
}

std::optional<Reply> ReplyReader::NextParsed(size_t size) {
  void* built = nullptr;
  if (redisReaderFeed(parser_.get(), chunk_.get() + begin_, size) != REDIS_OK ||
      redisReaderGetReply(parser_.get(), &built) != REDIS_OK) {
    Break(parser_->errstr);
    return std::nullopt;
  }
  begin_ += size;
  const size_t unparsed = parser_->len - parser_->pos;
  mid_reply_ = built == nullptr;
  if (mid_reply_) {
    if (unparsed > kLongestBulk) Break("a reply is too long");
    return std::nullopt;
  }
  begin_ -= unparsed;
  parser_->pos = parser_->len;
  return std::exchange(root_, Reply());
}

// Of address space only as much is reserved as will not hurt: the pages come with the bytes.
void ReplyReader::BeginLong(size_t size) {
  const absl::string_view come = Unread().substr(Unread().find(kCrlf) + kCrlf.size());
  long_size_ = size + kCrlf.size();
  long_come_ = come.size();
  long_.reserve(std::min(long_size_, kMostReserved));
  long_.assign(come.data(), come.size());
  begin_ = end_ = 0;
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

void ReplyReader::Break(absl::string_view why) {
  error_ = absl::InternalError(absl::StrCat("protocol error: ", why));
  begin_ = end_ = long_size_ = long_come_ = 0;
}

}  // namespace paracle::cachecore::redis

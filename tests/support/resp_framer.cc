#include "tests/support/resp_framer.h"

#include <algorithm>
#include <charconv>

namespace paracle::support {
namespace {

constexpr size_t kNameBytes = 64;
constexpr size_t kLongestLine = 64 << 10;
constexpr int64_t kLargest = int64_t{1} << 40;
constexpr int64_t kCrlf = 2;

bool ParseCount(std::string_view digits, int64_t* count) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *count);
  return error == std::errc() && end == digits.data() + digits.size() && *count >= -1 && *count <= kLargest;
}

}  // namespace

size_t RespFramer::Consume(std::string_view bytes) {
  size_t taken = 0;
  if (bytes.empty() || broken_) return 0;
  if (!inside()) Begin(bytes[0]);
  while (taken < bytes.size() && pending_ > 0 && !broken_) {
    const std::string_view rest = bytes.substr(taken);
    taken += bulk_ > 0 ? ConsumeBulk(rest) : ConsumeLine(rest);
  }
  return taken;
}

void RespFramer::Begin(char first) {
  started_ = true;
  pending_ = 1;
  type_ = first;
  elements_ = -1;
  outermost_ = true;
  named_ = false;
  name_.clear();
}

size_t RespFramer::ConsumeBulk(std::string_view bytes) {
  const size_t taken = std::min(bytes.size(), static_cast<size_t>(bulk_));
  const int64_t text = std::max<int64_t>(bulk_ - kCrlf, 0);
  if (!named_) Name(bytes.substr(0, std::min(taken, static_cast<size_t>(text))));
  bulk_ -= static_cast<int64_t>(taken);
  if (bulk_ > 0) return taken;
  named_ = true;
  --pending_;
  return taken;
}

size_t RespFramer::ConsumeLine(std::string_view bytes) {
  const size_t newline = bytes.find('\n');
  const size_t taken = newline == std::string_view::npos ? bytes.size() : newline + 1;
  line_.append(bytes.substr(0, taken));
  broken_ = line_.size() > kLongestLine;
  if (newline != std::string_view::npos && !broken_) OnLine();
  return taken;
}

void RespFramer::OnLine() {
  line_.pop_back();
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  const char type = line_.empty() ? '\n' : line_[0];
  int64_t count = 0;
  if (type == '*' || type == '$') {
    broken_ = !ParseCount(std::string_view(line_).substr(1), &count);
    if (!broken_) OnCount(count);
  } else {
    if (!named_) Name(std::string_view(line_).substr(0, line_.find(' ')));
    named_ = true;
    --pending_;
  }
  outermost_ = false;
  line_.clear();
}

void RespFramer::OnCount(int64_t count) {
  if (line_[0] == '*') {
    if (outermost_) elements_ = count;
    pending_ += std::max<int64_t>(count, 0) - 1;
  } else if (count < 0) {
    --pending_;
  } else {
    bulk_ = count + kCrlf;
  }
}

void RespFramer::Name(std::string_view bytes) {
  name_.append(bytes.substr(0, kNameBytes - name_.size()));
  named_ = name_.size() == kNameBytes;
}

}  // namespace paracle::support

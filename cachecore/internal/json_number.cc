#include "cachecore/internal/json_number.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/charconv.h"

namespace paracle::cachecore::internal {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t SkipDigits(absl::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// Shortest digits that read back as the same value: value = 0.DIGITS * 10^point.
struct Decimal {
  char digits[20];
  int count = 0;
  int point = 0;
};

Decimal ShortestDecimal(double magnitude) {
  char text[kMaxNumberLength];
  const char* end = std::to_chars(text, text + sizeof(text), magnitude, std::chars_format::scientific).ptr;
  Decimal decimal;
  const char* p = text;
  for (; *p != 'e'; ++p) {
    if (*p != '.') decimal.digits[decimal.count++] = *p;
  }
  ++p;
  if (*p == '+') ++p;
  int exponent = 0;
  std::from_chars(p, end, exponent);
  decimal.point = exponent + 1;
  return decimal;
}

char* Fill(char* out, char c, int count) {
  std::memset(out, c, count);
  return out + count;
}

char* Copy(char* out, const char* from, int count) {
  std::memcpy(out, from, count);
  return out + count;
}

char* WriteScientific(const Decimal& decimal, char* out) {
  *out++ = decimal.digits[0];
  if (decimal.count > 1) {
    *out++ = '.';
    out = Copy(out, decimal.digits + 1, decimal.count - 1);
  }
  *out++ = 'e';
  const int exponent = decimal.point - 1;
  if (exponent > 0) *out++ = '+';
  return std::to_chars(out, out + 6, exponent).ptr;
}

// The four layouts of ECMAScript's Number::toString.
char* WriteDecimal(const Decimal& decimal, char* out) {
  const int count = decimal.count;
  const int point = decimal.point;
  if (count <= point && point <= 21) return Fill(Copy(out, decimal.digits, count), '0', point - count);
  if (0 < point && point <= 21) {
    out = Copy(out, decimal.digits, point);
    *out++ = '.';
    return Copy(out, decimal.digits + point, count - point);
  }
  if (-6 < point && point <= 0) {
    out = Fill(Copy(out, "0.", 2), '0', -point);
    return Copy(out, decimal.digits, count);
  }
  return WriteScientific(decimal, out);
}

}  // namespace

size_t NumberLength(absl::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t integer = at;
  at = SkipDigits(text, at);
  if (at == integer) return 0;
  if (text[integer] == '0') at = integer + 1;  // A leading zero stands alone.
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = at + 1;
    at = SkipDigits(text, fraction);
    if (at == fraction) return 0;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    at = SkipDigits(text, exponent);
    if (at == exponent) return 0;
  }
  return at;
}

double ReadNumber(absl::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc()) return value;
  // Out of range: the standard does not say on which side, Abseil does.
  absl::from_chars(text.data(), text.data() + text.size(), value);
  if (std::fabs(value) < 1) return value;
  return std::copysign(std::numeric_limits<double>::infinity(), value);
}

size_t WriteNumber(double value, char* out) {
  char* const begin = out;
  if (value == 0) {
    *out = '0';
    return 1;
  }
  if (value < 0) *out++ = '-';
  return WriteDecimal(ShortestDecimal(std::fabs(value)), out) - begin;
}

double RoundToHundredths(double value) {
  char text[kMaxNumberLength];
  const char* end = std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed, 2).ptr;
  const double rounded = ReadNumber(absl::string_view(text, end - text));
  return rounded == 0 ? 0 : rounded;
}

std::optional<int64_t> AsSafeInteger(double value) {
  if (!(std::fabs(value) <= static_cast<double>(kMaxSafeInteger)) || value != std::trunc(value)) return std::nullopt;
  return static_cast<int64_t>(value);
}

}  // namespace paracle::cachecore::internal

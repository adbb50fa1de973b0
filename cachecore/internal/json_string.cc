#include "cachecore/internal/json_string.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "cachecore/internal/json_block.h"

namespace paracle::cachecore::internal {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool IsHighSurrogate(uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLowSurrogate(uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = c | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The code unit of the \uXXXX at `in`; -1 when there is none.
int32_t ReadUnicodeEscape(const char* in, const char* end) {
  if (end - in < 6 || in[0] != '\\' || in[1] != 'u') return -1;
  int32_t unit = 0;
  for (int i = 2; i < 6; ++i) {
    const int digit = HexValue(in[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

char* WriteUtf8(uint32_t c, char* out) {
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xc0 | c >> 6);
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *out++ = static_cast<char>(0xe0 | c >> 12);
    *out++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  } else {
    *out++ = static_cast<char>(0xf0 | c >> 18);
    *out++ = static_cast<char>(0x80 | (c >> 12 & 0x3f));
    *out++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  }
  return out;
}

// The letter of the two-character escape of `c`; 0 when it has none.
char ShortEscape(uint32_t c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

char* WriteCharacter(uint32_t c, char* out) {
  if (const char letter = ShortEscape(c)) {
    *out++ = '\\';
    *out++ = letter;
    return out;
  }
  if (c >= 0x20) return WriteUtf8(c, out);
  std::memcpy(out, "\\u00", 4);
  out[4] = kHex[c >> 4];
  out[5] = kHex[c & 15];
  return out + 6;
}

// Rewrites the \uXXXX, or the pair of them, at scan.in.
void CanonicalizeUnicodeEscape(const char* end, StringScan& scan) {
  const int32_t unit = ReadUnicodeEscape(scan.in, end);
  if (unit < 0) {
    scan.fault = StringFault::kBadEscape;
    return;
  }
  uint32_t c = unit;
  const char* next = scan.in + 6;
  if (IsHighSurrogate(c)) {
    const int32_t low = ReadUnicodeEscape(next, end);
    if (low >= 0 && IsLowSurrogate(low)) {
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      next += 6;
    }
  }
  if (c >= 0xd800 && c < 0xe000) {
    scan.fault = StringFault::kLoneSurrogate;
    return;
  }
  scan.out = WriteCharacter(c, scan.out);
  scan.in = next;
}

// Rewrites the escape at scan.in.
void CanonicalizeEscape(const char* end, StringScan& scan) {
  scan.had_escape = true;
  if (end - scan.in < 2) {
    scan.fault = StringFault::kUnterminated;
    return;
  }
  const char letter = scan.in[1];
  switch (letter) {
    case 'n':
    case '"':
    case '\\':
    case 't':
    case 'r':
    case 'b':
    case 'f':
      *scan.out++ = '\\';
      *scan.out++ = letter;
      scan.in += 2;
      return;
    case '/':
      *scan.out++ = '/';
      scan.in += 2;
      return;
    case 'u':
      CanonicalizeUnicodeEscape(end, scan);
      return;
    default:
      scan.fault = StringFault::kBadEscape;
  }
}

// Copies plain text up to the next special byte, or to the end.
inline void CopyPlainText(const char* end, StringScan& scan) {
  const char* in = scan.in;
  char* out = scan.out;
  while (end - in >= static_cast<ptrdiff_t>(kJsonBlock)) {
    const size_t plain = CopyJsonBlock(in, out);
    in += plain;
    out += plain;
    if (plain < kJsonBlock) break;
  }
  while (in < end && !IsJsonSpecial(*in)) *out++ = *in++;
  scan.in = in;
  scan.out = out;
}

// Gives out the UTF-16 code units of what lies between the quotes of a canonical string.
class CodeUnits {
 public:
  explicit CodeUnits(absl::string_view body) : p_(body.data()), end_(p_ + body.size()) {}

  // -1 at the end.
  int32_t Next() {
    if (pending_ != 0) return std::exchange(pending_, 0);
    if (p_ == end_) return -1;
    const uint32_t c = *p_ == '\\' ? Escape() : Utf8();
    if (c < 0x10000) return static_cast<int32_t>(c);
    pending_ = static_cast<int32_t>(0xdc00 + (c & 0x3ff));
    return static_cast<int32_t>(0xd800 + ((c - 0x10000) >> 10));
  }

 private:
  uint32_t Escape() {
    const char letter = p_[1];
    if (letter == 'u') {
      const int32_t unit = ReadUnicodeEscape(p_, end_);
      p_ += 6;
      return unit;
    }
    p_ += 2;
    switch (letter) {
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      default:
        return letter;
    }
  }

  uint32_t Utf8() {
    const uint8_t lead = *p_++;
    if (lead < 0x80) return lead;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    uint32_t c = lead & (0x3f >> more);
    for (int i = 0; i < more; ++i) c = c << 6 | (*p_++ & 0x3f);
    return c;
  }

  const char* p_;
  const char* end_;
  int32_t pending_ = 0;  // A low surrogate that is due; never 0 itself.
};

int CompareByCodeUnits(absl::string_view a, absl::string_view b) {
  CodeUnits left(a);
  CodeUnits right(b);
  for (;;) {
    const int32_t l = left.Next();
    const int32_t r = right.Next();
    if (l != r) return l < r ? -1 : 1;
    if (l < 0) return 0;
  }
}

// Whether the byte at `at` may belong to an escape: those are at most six bytes long.
bool MayBeEscaped(absl::string_view text, size_t at) {
  const size_t from = at < 5 ? 0 : at - 5;
  return text.substr(from, at - from + 1).find('\\') != absl::string_view::npos;
}

}  // namespace

bool IsValidUtf8(absl::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

StringScan CanonicalizeString(const char* in, const char* end, char* out) {
  StringScan scan{in + 1, out, false, StringFault::kNone};
  *scan.out++ = '"';
  while (scan.fault == StringFault::kNone) {
    CopyPlainText(end, scan);
    if (scan.in == end) {
      scan.fault = StringFault::kUnterminated;
    } else if (*scan.in == '"') {
      *scan.out++ = '"';
      ++scan.in;
      return scan;
    } else if (*scan.in == '\\') {
      CanonicalizeEscape(end, scan);
    } else {
      scan.fault = StringFault::kControlCharacter;
    }
  }
  return scan;
}

void AppendString(absl::string_view utf8, JsonBuffer& out) {
  out.Reserve(6 * utf8.size() + 2);
  char* to = out.data() + out.size();
  *to++ = '"';
  for (const char c : utf8) {
    if (IsJsonSpecial(c)) {
      to = WriteCharacter(static_cast<unsigned char>(c), to);
    } else {
      *to++ = c;
    }
  }
  *to++ = '"';
  out.set_size(to - out.data());
}

std::string DecodeString(absl::string_view canonical) {
  std::string text;
  const char* p = canonical.data() + 1;
  const char* const end = canonical.data() + canonical.size() - 1;
  while (p < end) {
    const char* backslash = std::find(p, end, '\\');
    text.append(p, backslash);
    if (backslash == end) break;
    const size_t length = backslash[1] == 'u' ? 6 : 2;
    text.push_back(static_cast<char>(CodeUnits(absl::string_view(backslash, length)).Next()));
    p = backslash + length;
  }
  return text;
}

int CompareUtf16(absl::string_view a, absl::string_view b) {
  const size_t shared = std::min(a.size(), b.size());
  const size_t at = std::mismatch(a.data(), a.data() + shared, b.data()).first - a.data();
  if (at == shared) return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
  if (b[at] == '\\' || MayBeEscaped(a, at)) return CompareByCodeUnits(a, b);
  const uint8_t l = a[at];
  const uint8_t r = b[at];
  // UTF-8 orders as code points do. UTF-16 differs in one case: a surrogate pair (F0..F4 in UTF-8) goes before
  // U+E000..U+FFFF (EE, EF).
  if (l >= 0xee && r >= 0xee && (l >= 0xf0) != (r >= 0xf0)) return l >= 0xf0 ? -1 : 1;
  return l < r ? -1 : 1;
}

}  // namespace paracle::cachecore::internal

// Strings of JSON: read and written again as RFC 8785 escapes them, and put in its order.
//
// "Canonical" here is the text with its quotes: only quotes, backslashes and control characters are escaped, the
// latter by their short form where there is one and as \u00xx in lower case where not.
#ifndef PARACLE_CACHECORE_INTERNAL_JSON_STRING_H_
#define PARACLE_CACHECORE_INTERNAL_JSON_STRING_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "cachecore/internal/json_buffer.h"

namespace paracle::cachecore::internal {

enum class StringFault { kNone, kUnterminated, kControlCharacter, kBadEscape, kLoneSurrogate };

bool IsValidUtf8(absl::string_view text);

// Where both sides stand after a string was read.
struct StringScan {
  const char* in;   // Behind the closing quote, or at the byte at fault.
  char* out;        // Behind what was written.
  bool had_escape;  // The source spelt something with a backslash.
  StringFault fault;
};

// Reads the string whose opening quote is at `in` and writes its canonical form, which is never longer.
// REQUIRES: the text up to `end` is valid UTF-8; `out` has room for as many bytes as there are up to `end`.
StringScan CanonicalizeString(const char* in, const char* end, char* out);

// Writes `utf8` as a canonical string. REQUIRES: utf8 is valid UTF-8.
void AppendString(absl::string_view utf8, JsonBuffer& out);

// What a canonical string says.
std::string DecodeString(absl::string_view canonical);

// Orders what lies between the quotes of two canonical strings by UTF-16 code units; negative, 0, positive.
int CompareUtf16(absl::string_view a, absl::string_view b);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_JSON_STRING_H_

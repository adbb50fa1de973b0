// Numbers of JSON: read as IEEE 754 binary64, written as ECMAScript writes them (RFC 8785 section 3.2.2.3).
#ifndef PARACLE_CACHECORE_INTERNAL_JSON_NUMBER_H_
#define PARACLE_CACHECORE_INTERNAL_JSON_NUMBER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::internal {

// The largest integer that all languages read back as the same integer: 2^53-1.
inline constexpr int64_t kMaxSafeInteger = 9007199254740991;

// Enough for any binary64 in ECMAScript's notation; the longest take 25 bytes.
inline constexpr size_t kMaxNumberLength = 32;

// Length of the JSON number that `text` begins with; 0 when it begins with none.
size_t NumberLength(absl::string_view text);

// Nearest binary64, ties to even. What is too small becomes 0, what is too large an infinity.
// REQUIRES: NumberLength(text) == text.size() > 0.
double ReadNumber(absl::string_view text);

// Writes `value` into `out`, which has room for kMaxNumberLength bytes; returns the number of bytes written.
// REQUIRES: value is finite.
size_t WriteNumber(double value, char* out);

// Two decimals, nearest on the exact binary value, ties to even, as printf("%.2f"); never -0.
// REQUIRES: |value| <= kMaxSafeInteger.
double RoundToHundredths(double value);

// The integer that `value` is, if it is one within +-kMaxSafeInteger.
std::optional<int64_t> AsSafeInteger(double value);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_JSON_NUMBER_H_

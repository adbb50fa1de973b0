// Canonical JSON as RFC 8785 (JCS) has it: one text for all spellings of the same value.
//
// Members are ordered by UTF-16 code units at every depth, numbers are written as ECMAScript writes a binary64,
// strings escape only what must be, spaces go. No Unicode normalisation. The stricter rules of a cache key (numbers
// up to 2^53-1) are cache_key.h's.
#ifndef PARACLE_CACHECORE_CANONICAL_JSON_H_
#define PARACLE_CACHECORE_CANONICAL_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paracle::cachecore {

// INVALID_ARGUMENT, beginning with the place as a JSON Pointer where there is one ("/tools/0: lone surrogate"), when
// the text is not JSON or not UTF-8, has duplicate members, lone surrogates, numbers beyond binary64, or nests deeper
// than 100. Pure and thread-safe; takes time and memory in proportion to the text.
absl::StatusOr<std::string> Canonicalize(absl::string_view json);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_CANONICAL_JSON_H_

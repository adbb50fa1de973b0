// What of a provider's request shapes the answer, and what does not: the lists of
// proto/paracle/cache/v1/key_derivation.md, the same in every language.
#ifndef PARACLE_CACHECORE_INTERNAL_REQUEST_RULES_H_
#define PARACLE_CACHECORE_INTERNAL_REQUEST_RULES_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::cachecore::internal {

// A member of a request body that is about the caller or the bill, not about the answer.
bool IsNeutralMember(absl::string_view name);

// A query parameter that says who asks. Names are compared without regard to ASCII case.
bool IsCredential(absl::string_view name);

// The headers that shape the answer, as a JSON object; empty when there is none. Names in lower case, values of a
// repeated one joined by ", " in their order, empty values left out. A value that is not UTF-8 is copied as it is, so
// that whoever reads the object refuses it.
std::string ShapingHeaders(absl::Span<const std::pair<std::string, std::string>> headers);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_REQUEST_RULES_H_

#include "cachecore/canonical_json.h"

#include "cachecore/internal/json_buffer.h"
#include "cachecore/internal/json_canonicalizer.h"

namespace paracle::cachecore {

absl::StatusOr<std::string> Canonicalize(absl::string_view json) {
  internal::JsonCanonicalizer canonicalizer;
  internal::JsonBuffer out;
  if (!canonicalizer.Append(json, {}, out)) return absl::InvalidArgumentError(canonicalizer.problem().ToString());
  return std::string(out.view());
}

}  // namespace paracle::cachecore

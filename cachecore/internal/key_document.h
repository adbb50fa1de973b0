// Writes the key document: the canonical text whose SHA-256 names a question. The rules are those of
// proto/paracle/cache/v1/key_derivation.md, "The key document".
#ifndef PARACLE_CACHECORE_INTERNAL_KEY_DOCUMENT_H_
#define PARACLE_CACHECORE_INTERNAL_KEY_DOCUMENT_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "cachecore/cache_key.h"
#include "cachecore/internal/json_buffer.h"
#include "cachecore/internal/json_canonicalizer.h"

namespace paracle::cachecore::internal {

inline constexpr size_t kMaxProviderBytes = 256;
inline constexpr size_t kMaxEndpointBytes = 2048;
inline constexpr size_t kMaxModelBytes = 256;

// Why there is no key: which member of the document, and where in its value.
struct KeyProblem {
  absl::string_view member;  // "params"; static storage.
  bool is_json = false;      // The member is given as JSON text: the field is called "params_json".
  JsonProblem problem;       // The place is one within the member.
};

// Appends the key document of `fields` to `out`; nullopt when all is well. After a problem `out` holds rubbish.
std::optional<KeyProblem> AppendKeyDocument(const CacheKeyFields& fields, JsonCanonicalizer& canonicalizer,
                                            JsonBuffer& out);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_KEY_DOCUMENT_H_

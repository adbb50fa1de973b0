// "Is this the same question?": the one place in C++ that answers it.
//
// A key document is canonicalised by RFC 8785 (JCS) and hashed with SHA-256. There are three ways in (the fields of a
// CacheKey message, a key document, a provider's request body) and one way out: equal questions give equal digests,
// whichever way they came. proto/paracle/cache/v1/key_derivation.md is the specification, key_vectors.json binds it.
//
// All functions are pure and thread-safe. Refusals are INVALID_ARGUMENT with reason KEY_INVALID. They name the field
// (one of CacheKeyFields, or "document", or for a request "provider", "endpoint", "headers" or "body") and the place in
// it as a JSON Pointer (RFC 6901): "params_json: /tools/0/seed: 9007199254740992 is beyond 2^53-1".
#ifndef PARACLE_CACHECORE_CACHE_KEY_H_
#define PARACLE_CACHECORE_CACHE_KEY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cachecore/digest.h"

namespace paracle::cachecore {

// The fields of a CacheKey message; empty means absent. Views must outlive the call only.
struct CacheKeyFields {
  absl::string_view provider = {};  // Required.
  absl::string_view endpoint = {};
  absl::string_view model = {};
  std::optional<double> temperature = {};
  std::optional<int64_t> max_tokens = {};
  uint32_t variant = 0;
  absl::string_view messages_json = {};
  absl::string_view params_json = {};
  absl::string_view headers_json = {};
};

// A question with its digest. `canonical` is the text that was hashed: it holds the prompt, so never log it.
struct DerivedKey {
  Digest digest;
  std::string canonical;
  std::string provider;
  std::string model;
  std::vector<std::string> dropped;  // What was left out, each "name: why". Only a request body leaves anything out.
};

// A provider's HTTP request, as far as it shapes the answer.
struct ProviderRequest {
  absl::string_view provider = {};  // Required.
  absl::string_view endpoint = {};  // URL path, perhaps with a query; credentials in it are removed.
  absl::string_view body = {};      // JSON object.
  absl::Span<const std::pair<std::string, std::string>> headers = {};  // All of them; the shaping ones are picked.
};

// The digest alone, as fast as it can be had: the service's path.
absl::StatusOr<Digest> DigestOf(const CacheKeyFields& fields);

absl::StatusOr<DerivedKey> DeriveFromFields(const CacheKeyFields& fields);
absl::StatusOr<DerivedKey> DeriveFromDocument(absl::string_view json);
absl::StatusOr<DerivedKey> DeriveFromRequest(const ProviderRequest& request);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_CACHE_KEY_H_

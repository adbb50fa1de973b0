// The two ways to a key that begin with a JSON object: both are taken apart into the fields of a CacheKey.
#ifndef PARACLE_CACHECORE_INTERNAL_KEY_SOURCES_H_
#define PARACLE_CACHECORE_INTERNAL_KEY_SOURCES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/cache_key.h"

namespace paracle::cachecore::internal {

// CacheKeyFields that own their text.
struct OwnedKeyFields {
  std::string provider;
  std::string endpoint;
  std::string model;
  std::optional<double> temperature;
  std::optional<int64_t> max_tokens;
  uint32_t variant = 0;
  std::string messages_json;
  std::string params_json;
  std::string headers_json;
  std::vector<std::string> dropped;  // As DerivedKey::dropped.

  CacheKeyFields Views() const;
};

// Errors as DeriveFromDocument and DeriveFromRequest; what AppendKeyDocument checks is not checked here.
absl::StatusOr<OwnedKeyFields> ReadDocument(absl::string_view json);
absl::StatusOr<OwnedKeyFields> ReadRequest(const ProviderRequest& request);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_KEY_SOURCES_H_

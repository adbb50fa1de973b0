// Properties of the key: whatever is accepted as a key document has a key document that gives the same key, by the
// fields of a CacheKey too; a request body either has such a document or is refused; nothing crashes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/cache_key.h"
#include "cachecore/error.h"

namespace paracle::cachecore {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckKey(const absl::StatusOr<DerivedKey>& key) {
  if (!key.ok()) {
    Require(ReasonOf(key.status()) == kReasonKeyInvalid && !FieldOf(key.status()).empty());
    return;
  }
  const absl::StatusOr<DerivedKey> again = DeriveFromDocument(key->canonical);
  Require(again.ok() && again->canonical == key->canonical && again->digest == key->digest);
  Require(again->model == key->model && again->provider == key->provider);
}

void CheckFields(absl::string_view text) {
  const CacheKeyFields as_params{.provider = "p", .params_json = text};
  const absl::StatusOr<Digest> digest = DigestOf(as_params);
  const absl::StatusOr<DerivedKey> key = DeriveFromFields(as_params);
  Require(digest.ok() == key.ok() && (!key.ok() || *digest == key->digest));
  CheckKey(key);
  CheckKey(DeriveFromFields({.provider = "p", .messages_json = text}));
}

}  // namespace
}  // namespace paracle::cachecore

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace paracle::cachecore;
  // A copy of exactly this size, so that AddressSanitizer sees every byte read beyond it.
  const std::vector<char> copy(data, data + size);
  const absl::string_view text(copy.data(), copy.size());
  CheckKey(DeriveFromDocument(text));
  CheckKey(DeriveFromRequest({.provider = "p", .endpoint = "/v1", .body = text}));
  CheckKey(DeriveFromRequest({.provider = "p", .endpoint = text, .body = "{}"}));
  CheckFields(text);
  return 0;
}

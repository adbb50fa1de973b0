#include "cachecore/internal/request_rules.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cachecore/internal/json_buffer.h"
#include "cachecore/internal/json_string.h"

namespace paracle::cachecore::internal {
namespace {

constexpr absl::string_view kNeutralMembers[] = {
    "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "user",
};

constexpr absl::string_view kCredentials[] = {
    "access-token",
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth_token",
    "authorization",
    "client_secret",
    "id_token",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "subscription-key",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-api-key",
    "x-goog-api-key",
    "x-goog-credential",
    "x-goog-signature",
};

// In the order of a key document.
constexpr absl::string_view kShapingHeaders[] = {"anthropic-beta", "anthropic-version", "openai-beta"};

}  // namespace

bool IsNeutralMember(absl::string_view name) {
  return std::find(std::begin(kNeutralMembers), std::end(kNeutralMembers), name) != std::end(kNeutralMembers);
}

bool IsCredential(absl::string_view name) {
  return std::any_of(std::begin(kCredentials), std::end(kCredentials),
                     [name](absl::string_view credential) { return absl::EqualsIgnoreCase(name, credential); });
}

std::string ShapingHeaders(absl::Span<const std::pair<std::string, std::string>> headers) {
  JsonBuffer object;
  for (const absl::string_view wanted : kShapingHeaders) {
    std::string joined;
    for (const auto& [name, value] : headers) {
      if (value.empty() || !absl::EqualsIgnoreCase(name, wanted)) continue;
      absl::StrAppend(&joined, joined.empty() ? "" : ", ", value);
    }
    if (joined.empty()) continue;
    object.Append(object.size() == 0 ? "{\"" : ",\"");
    object.Append(wanted);
    object.Append("\":");
    AppendString(joined, object);
  }
  if (object.size() > 0) object.Append("}");
  return std::string(object.view());
}

}  // namespace paracle::cachecore::internal

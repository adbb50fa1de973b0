#include "service/auth/authenticator.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace paracle::service::auth {
namespace {

absl::Status Refused() {
  return absl::UnauthenticatedError(
      "no valid credentials; send a token that this server knows as metadata `authorization: Bearer TOKEN`, or show a "
      "client certificate that it knows");
}

// Empty: it is no bearer token.
absl::string_view BearerToken(absl::string_view authorization) {
  constexpr absl::string_view kScheme = "bearer ";
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return "";
  const absl::string_view token = absl::StripAsciiWhitespace(authorization.substr(kScheme.size()));
  return IsToken(token) ? token : "";
}

std::shared_ptr<const Identity> FindCertificate(const TokenTable& table, const Evidence& evidence) {
  for (const absl::string_view uri : evidence.uris) {
    if (auto identity = table.FindUri(uri)) return identity;
  }
  for (const absl::string_view name : evidence.dns) {
    if (auto identity = table.FindDns(name)) return identity;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<Caller> Authenticator::Authenticate(const Evidence& evidence) const {
  const std::shared_ptr<const TokenTable> table = tokens_->Current();
  std::shared_ptr<const Identity> certificate = FindCertificate(*table, evidence);
  if (certificate != nullptr && !IsLive(*certificate)) return Refused();
  if (evidence.authorization.empty()) {
    if (certificate == nullptr) return Refused();
    return Caller(nullptr, std::move(certificate));
  }
  // Two of them: who knows which one somebody before us has looked at.
  if (evidence.authorization.size() > 1) return Refused();
  const absl::string_view bearer = BearerToken(evidence.authorization.front());
  if (bearer.empty()) return Refused();
  std::shared_ptr<const Identity> token = table->FindToken(HashOf(bearer));
  if (token == nullptr || !IsLive(*token)) return Refused();
  return Caller(std::move(token), std::move(certificate));
}

}  // namespace paracle::service::auth

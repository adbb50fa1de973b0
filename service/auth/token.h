// A token is `paracle_ID_SECRET`: whose it is, for people, and 32 random bytes in base64url. Servers know its SHA-256
// alone, taken over all of it: what is that random needs no salt and no slow hash. Pure, thread-safe.
#ifndef PARACLE_SERVICE_AUTH_TOKEN_H_
#define PARACLE_SERVICE_AUTH_TOKEN_H_

#include <array>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paracle::service::auth {

using TokenHash = std::array<unsigned char, 32>;

// 1 to 64 of [A-Za-z0-9._-].
bool IsId(absl::string_view text);

// Whether it has the form of a token. Whatever has not is none, however well it is known.
bool IsToken(absl::string_view text);

TokenHash HashOf(absl::string_view token);

// Takes the same time wherever they differ.
bool SameHash(const TokenHash& a, const TokenHash& b);

std::string ToHex(const TokenHash& hash);

// nullopt: not 64 hex digits.
std::optional<TokenHash> HashFromHex(absl::string_view hex);

// A token that nobody has seen before. UNAVAILABLE: the system has no randomness. REQUIRES: IsId(id).
absl::StatusOr<std::string> NewToken(absl::string_view id);

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_TOKEN_H_

#include "service/auth/token.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cachecore/encryption/random.h"

namespace paracle::service::auth {
namespace {

constexpr absl::string_view kPrefix = "paracle_";
constexpr size_t kSecretBytes = 32;
constexpr size_t kSecretChars = 43;  // Of base64url, without padding.
constexpr size_t kMaxIdBytes = 64;

bool IsNameChar(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }
bool IsIdChar(char c) { return IsNameChar(c) || c == '.'; }

}  // namespace

bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes && std::all_of(text.begin(), text.end(), IsIdChar);
}

bool IsToken(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, kPrefix) || text.size() < kSecretChars + 2) return false;
  const size_t id_size = text.size() - kSecretChars - 1;
  const absl::string_view secret = text.substr(id_size + 1);
  return text[id_size] == '_' && IsId(text.substr(0, id_size)) && std::all_of(secret.begin(), secret.end(), IsNameChar);
}

TokenHash HashOf(absl::string_view token) {
  TokenHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return hash;
}

bool SameHash(const TokenHash& a, const TokenHash& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

std::string ToHex(const TokenHash& hash) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::optional<TokenHash> HashFromHex(absl::string_view hex) {
  TokenHash hash;
  if (hex.size() != 2 * hash.size() || !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) return std::nullopt;
  const std::string bytes = absl::HexStringToBytes(hex);
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

absl::StatusOr<std::string> NewToken(absl::string_view id) {
  std::string secret(kSecretBytes, '\0');
  if (!cachecore::encryption::SystemRandom(absl::MakeSpan(secret))) {
    return absl::UnavailableError("the system has no random bytes");
  }
  std::string encoded;
  absl::WebSafeBase64Escape(secret, &encoded);
  OPENSSL_cleanse(secret.data(), secret.size());
  return absl::StrCat(kPrefix, id, "_", absl::StripSuffix(encoded, "="));
}

}  // namespace paracle::service::auth

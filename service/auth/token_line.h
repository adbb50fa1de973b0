// One line of the tokens file: who somebody is, what proves it, what they may do.
//
//   id=agents sha256=9f86d0… roles=writer namespaces=acme,acme-dev expires=2027-02-01T00:00:00Z
//   id=worker uri=spiffe://cluster.local/ns/agents/sa/worker roles=reader namespaces=*
//
// Fields come in any order. Exactly one is the proof: `sha256` of a token, or the `uri` or `dns` of a certificate's
// subject alternative names. `expires` may be left out. Pure, thread-safe.
#ifndef PARACLE_SERVICE_AUTH_TOKEN_LINE_H_
#define PARACLE_SERVICE_AUTH_TOKEN_LINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/auth/identity.h"
#include "service/auth/token.h"

namespace paracle::service::auth {

struct TokenLine {
  enum class Proof { kToken, kUri, kDns };

  Proof proof = Proof::kToken;
  TokenHash hash = {};  // Of the token.
  std::string name;     // Of the certificate; DNS names in lower case.
  Identity identity;
};

// 1 to 128 of [A-Za-z0-9._:/-], as cache.proto has it.
bool IsNamespace(absl::string_view text);

// INVALID_ARGUMENT names the field, and what is accepted. REQUIRES: `text` is one line, and no comment.
absl::StatusOr<TokenLine> ParseTokenLine(absl::string_view text);

// The line that gives a token these rights. ParseTokenLine reads it back.
std::string FormatTokenLine(const TokenHash& hash, const Identity& identity);

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_TOKEN_LINE_H_

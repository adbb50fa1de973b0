// TokenTable is a whole tokens file: who is known, by what proves it. Immutable, thread-safe.
#ifndef PARACLE_SERVICE_AUTH_TOKEN_TABLE_H_
#define PARACLE_SERVICE_AUTH_TOKEN_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/auth/identity.h"
#include "service/auth/token.h"
#include "service/auth/token_line.h"

namespace paracle::service::auth {

class TokenTable {
 public:
  // INVALID_ARGUMENT names the line, the field, and what is accepted. A table that knows nobody is refused: it would
  // be a file that is half written.
  static absl::StatusOr<std::shared_ptr<const TokenTable>> Parse(absl::string_view text);

  // Null: not known. Known or not, the work is the same.
  std::shared_ptr<const Identity> FindToken(const TokenHash& hash) const;

  // By a subject alternative name; null: not known.
  std::shared_ptr<const Identity> FindUri(absl::string_view uri) const;
  std::shared_ptr<const Identity> FindDns(absl::string_view name) const;

 private:
  struct Known {
    TokenHash hash;
    std::shared_ptr<const Identity> identity;
  };
  using ByName = absl::flat_hash_map<std::string, std::shared_ptr<const Identity>>;

  bool Add(TokenLine line);

  // By the first eight bytes of the hash, which nobody can choose without hashing 2^64 tokens.
  absl::flat_hash_map<uint64_t, Known> tokens_;
  ByName uris_;
  ByName dns_;
};

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_TOKEN_TABLE_H_

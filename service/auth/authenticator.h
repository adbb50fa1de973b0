// Authenticator tells who makes a call by what the call brings along. Thread-safe.
#ifndef PARACLE_SERVICE_AUTH_AUTHENTICATOR_H_
#define PARACLE_SERVICE_AUTH_AUTHENTICATOR_H_

#include <memory>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/clock.h"
#include "service/auth/caller.h"
#include "service/auth/token_store.h"

namespace paracle::service::auth {

// What a call brings along.
struct Evidence {
  using Names = absl::InlinedVector<absl::string_view, 2>;

  Names authorization;  // Every value of that name in its metadata.
  Names uris;           // Of the certificate that its peer has proved to have the key of.
  Names dns;            // Of the same.
};

class Authenticator {
 public:
  // `clock` outlives the authenticator.
  Authenticator(std::shared_ptr<const TokenStore> tokens, const cachecore::Clock* clock)
      : tokens_(std::move(tokens)), clock_(*clock) {}

  // A certificate counts when the tokens file names it: by its first URI that is there, else by its first DNS name. A
  // token that is brought along must be good, also beside a certificate. UNAUTHENTICATED, in the same words whatever
  // is wrong.
  absl::StatusOr<Caller> Authenticate(const Evidence& evidence) const;

 private:
  bool IsLive(const Identity& identity) const { return clock_.WallTime() < identity.expires; }

  const std::shared_ptr<const TokenStore> tokens_;
  const cachecore::Clock& clock_;
};

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_AUTHENTICATOR_H_

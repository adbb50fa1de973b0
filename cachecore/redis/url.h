// Where a Redis or Valkey server is, as an operator writes it:
//
//   redis://[[user]:password@]host[:6379][/db]     rediss://... the same over TLS
//   unix:///path/to/socket[?db=N]                  unix://[user]:password@/path/to/socket[?db=N]
//
// User and password are percent-decoded; IPv6 hosts stand in brackets.
#ifndef PARACLE_CACHECORE_REDIS_URL_H_
#define PARACLE_CACHECORE_REDIS_URL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paracle::cachecore::redis {

struct Url {
  enum class Kind { kTcp, kTls, kUnix };

  Kind kind = Kind::kTcp;
  std::string host = "localhost";  // kTcp, kTls. Without brackets.
  uint16_t port = 6379;
  std::string path;  // kUnix.
  std::string user;  // Empty: the server's default user.
  std::string password;
  int db = 0;

  // INVALID_ARGUMENT, saying what would be accepted; never repeats the password.
  static absl::StatusOr<Url> Parse(absl::string_view text);

  // For logs: "rediss://host:6379/0"; no user, no password.
  std::string ToString() const;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_URL_H_

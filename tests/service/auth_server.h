// A server that asks who calls, callers with tokens of every kind, and calls that carry them.
#ifndef PARACLE_TESTS_SERVICE_AUTH_SERVER_H_
#define PARACLE_TESTS_SERVICE_AUTH_SERVER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "service/auth/token_line.h"
#include "tests/auth/temporary_directory.h"
#include "tests/service/running_server.h"

namespace paracle::service {

// A new token, and its line.
struct IssuedToken {
  explicit IssuedToken(absl::string_view id, absl::string_view roles, absl::string_view namespaces,
                       absl::string_view rest = "")
      : secret(*auth::NewToken(id)),
        line(absl::StrCat("id=", id, " sha256=", auth::ToHex(auth::HashOf(secret)), " roles=", roles,
                          " namespaces=", namespaces, rest, "\n")) {}

  std::string secret;
  std::string line;
};

// A context that carries a token; empty: none.
inline std::unique_ptr<grpc::ClientContext> With(const std::string& token) {
  auto context = Patient();
  if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
  return context;
}

// Knows one caller for each role, all of namespace "acme"; one of another; one that is too late; and an operator.
class AuthServer {
 public:
  AuthServer() : AuthServer(Overrides()) {}
  explicit AuthServer(Overrides overrides) {
    std::string lines;
    for (const IssuedToken* token : {&reader, &writer, &invalidator, &admin, &other, &expired, &operator_}) {
      lines += token->line;
    }
    directory.Write("tokens", lines);
    overrides.push_back({"TOKENS_FILE", directory.Path("tokens")});
    server.emplace(overrides);
  }

  const IssuedToken reader{"reader", "reader", "acme"};
  const IssuedToken writer{"writer", "writer", "acme"};
  const IssuedToken invalidator{"invalidator", "invalidator", "acme"};
  const IssuedToken admin{"admin", "admin", "acme"};
  const IssuedToken other{"other", "reader,writer,invalidator,admin", "elsewhere"};
  const IssuedToken expired{"expired", "reader,writer,invalidator,admin", "*", " expires=2020-01-01T00:00:00Z"};
  const IssuedToken operator_{"operator", "reader,writer,invalidator,admin", "*"};
  auth::TemporaryDirectory directory;
  std::optional<RunningServer> server;
};

}  // namespace paracle::service

#endif  // PARACLE_TESTS_SERVICE_AUTH_SERVER_H_

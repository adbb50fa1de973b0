// Identity is one known caller: what a line of the tokens file grants. Immutable, shared by the calls that it makes.
#ifndef PARACLE_SERVICE_AUTH_IDENTITY_H_
#define PARACLE_SERVICE_AUTH_IDENTITY_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/auth/role.h"

namespace paracle::service::auth {

struct Identity {
  std::string id;
  RoleSet roles;
  bool all_namespaces = false;
  std::vector<std::string> namespaces;  // Those it may use, if not all.
  absl::Time expires = absl::InfiniteFuture();

  bool MayUse(absl::string_view ns) const {
    return all_namespaces || std::find(namespaces.begin(), namespaces.end(), ns) != namespaces.end();
  }
};

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_IDENTITY_H_

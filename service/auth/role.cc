#include "service/auth/role.h"

namespace paracle::service::auth {

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kReader:
      return "reader";
    case Role::kWriter:
      return "writer";
    case Role::kInvalidator:
      return "invalidator";
    case Role::kAdmin:
      break;
  }
  return "admin";
}

std::optional<Role> ParseRole(absl::string_view name) {
  for (const Role role : {Role::kReader, Role::kWriter, Role::kInvalidator, Role::kAdmin}) {
    if (name == RoleName(role)) return role;
  }
  return std::nullopt;
}

}  // namespace paracle::service::auth

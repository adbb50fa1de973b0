// Roles say what a caller may do. Each stands alone: an admin who is to read answers is a reader, too. Pure.
#ifndef PARACLE_SERVICE_AUTH_ROLE_H_
#define PARACLE_SERVICE_AUTH_ROLE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace paracle::service::auth {

enum class Role : uint8_t {
  kReader = 1,       // Reads answers.
  kWriter = 2,       // Reads and stores them, and holds leases.
  kInvalidator = 4,  // Forgets them.
  kAdmin = 8,        // Reads and resets statistics of all, sees settings. No answers.
};

absl::string_view RoleName(Role role);  // "reader"

// nullopt: there is no such role.
std::optional<Role> ParseRole(absl::string_view name);

// Any number of roles.
class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(Role role) : bits_(static_cast<uint8_t>(role)) {}  // NOLINT: a role is a set of one.

  constexpr RoleSet operator|(RoleSet other) const { return FromBits(bits_ | other.bits_); }
  constexpr bool HasAnyOf(RoleSet others) const { return (bits_ & others.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  static constexpr RoleSet All() { return FromBits(15); }

 private:
  static constexpr RoleSet FromBits(int bits) {
    RoleSet set;
    set.bits_ = static_cast<uint8_t>(bits);
    return set;
  }

  uint8_t bits_ = 0;
};

constexpr RoleSet operator|(Role a, Role b) { return RoleSet(a) | RoleSet(b); }

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_ROLE_H_

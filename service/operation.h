// Operation is what a call asks for, as far as permission goes: each RPC is one, and so is the lease that a Get may ask
// for besides. The table in operation.cc says what each needs.
#ifndef PARACLE_SERVICE_OPERATION_H_
#define PARACLE_SERVICE_OPERATION_H_

#include "absl/strings/string_view.h"
#include "service/auth/role.h"

namespace paracle::service {

enum class Operation {
  kGet,
  kLease,  // Of a Get.
  kBatchGet,
  kFollow,
  kSet,
  kBatchSet,
  kRecord,
  kRenewLease,
  kReleaseLease,
  kInvalidate,
  kClear,
  kGetStats,
  kGetAllStats,  // GetStats of all namespaces.
  kResetStats,
  kGetConfig,
  kGetSettings,  // The part of GetConfig that is an operator's.
  kReflection,
};
inline constexpr int kOperationCount = 17;

absl::string_view OperationName(Operation operation);  // "Get"

// Who may: callers with any of these roles.
auth::RoleSet RolesFor(Operation operation);

// How a refusal calls them: "reader or writer".
absl::string_view RoleNamesFor(Operation operation);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_OPERATION_H_

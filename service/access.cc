#include "service/access.h"

#include "absl/strings/str_cat.h"

namespace paracle::service {
namespace {

absl::Status LacksRole(Operation operation) {
  return absl::PermissionDeniedError(absl::StrCat(OperationName(operation), " needs the role ", RoleNamesFor(operation),
                                                  ", which this caller has not"));
}

absl::Status LacksNamespace(absl::string_view ns) {
  return absl::PermissionDeniedError(absl::StrCat("namespace \"", ns, "\" is not among those of this caller"));
}

}  // namespace

absl::StatusOr<IdentifiedCall> Access::Identify(const grpc::ServerContextBase& call, Operation) const {
  return IdentifiedCall{&call, auth::Caller()};
}

absl::Status Access::Judge(const IdentifiedCall& call, Operation operation, absl::string_view ns) const {
  if (!call.caller.HasAnyOf(RolesFor(operation))) return LacksRole(operation);
  if (!call.caller.MayUse(ns)) return LacksNamespace(ns);
  return absl::OkStatus();
}

absl::Status Access::AdmitToAll(const IdentifiedCall& call, Operation operation) const {
  if (!call.caller.HasAnyOf(RolesFor(operation))) return LacksRole(operation);
  if (call.caller.MayUseAll()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(OperationName(operation), " needs all namespaces (*), which this caller has not"));
}

absl::Status Access::AdmitToNone(const IdentifiedCall& call, Operation operation) const {
  return call.caller.HasAnyOf(RolesFor(operation)) ? absl::OkStatus() : LacksRole(operation);
}

}  // namespace paracle::service

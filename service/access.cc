#include "service/access.h"

#include "absl/strings/str_cat.h"
#include "service/call_evidence.h"
#include "service/metrics/rpc.h"

namespace paracle::service {
namespace {

absl::Status LacksRole(Operation operation) {
  return absl::PermissionDeniedError(absl::StrCat(OperationName(operation), " needs the role ", RoleNamesFor(operation),
                                                  ", which this caller has not"));
}

absl::Status LacksNamespace(absl::string_view ns) {
  return absl::PermissionDeniedError(absl::StrCat("namespace \"", ns, "\" is not among those of this caller"));
}

absl::Status LacksAllNamespaces(Operation operation) {
  return absl::PermissionDeniedError(
      absl::StrCat(OperationName(operation), " needs all namespaces (*), which this caller has not"));
}

AuditLine LineOf(const IdentifiedCall& call, Operation operation, absl::string_view ns, absl::StatusCode result) {
  AuditLine line;
  line.caller = call.caller.id();
  line.method = OperationName(operation);
  line.ns = std::string(ns);
  line.result = CodeName(static_cast<int>(result));
  line.peer = PeerOf(*call.context);
  line.trace_id = TraceIdOf(*call.context);
  return line;
}

}  // namespace

absl::StatusOr<IdentifiedCall> Access::Identify(const grpc::ServerContextBase& call, Operation operation) const {
  if (authenticator_ == nullptr) return IdentifiedCall{&call, auth::Caller()};
  absl::StatusOr<auth::Caller> caller = authenticator_->Authenticate(EvidenceOf(call, with_certificates_));
  if (caller.ok()) return IdentifiedCall{&call, *std::move(caller)};
  return Refuse({&call, auth::Caller()}, operation, "", caller.status());
}

absl::Status Access::Judge(const IdentifiedCall& call, Operation operation, absl::string_view ns) const {
  if (!call.caller.HasAnyOf(RolesFor(operation))) return Refuse(call, operation, ns, LacksRole(operation));
  if (!call.caller.MayUse(ns)) return Refuse(call, operation, ns, LacksNamespace(ns));
  return absl::OkStatus();
}

absl::Status Access::AdmitToAll(const IdentifiedCall& call, Operation operation) const {
  if (!call.caller.HasAnyOf(RolesFor(operation))) return Refuse(call, operation, "", LacksRole(operation));
  if (!call.caller.MayUseAll()) return Refuse(call, operation, "", LacksAllNamespaces(operation));
  return absl::OkStatus();
}

absl::Status Access::AdmitToNone(const IdentifiedCall& call, Operation operation) const {
  if (AllowsToNone(call, operation)) return absl::OkStatus();
  return Refuse(call, operation, "", LacksRole(operation));
}

absl::Status Access::Refuse(const IdentifiedCall& call, Operation operation, absl::string_view ns,
                            absl::Status status) const {
  if (audit_ != nullptr) audit_->Refused(LineOf(call, operation, ns, status.code()));
  return status;
}

void Access::Audit(const IdentifiedCall& call, const Audited& what, absl::StatusCode result) const {
  if (audit_ == nullptr) return;
  AuditLine line = LineOf(call, what.operation, what.ns, result);
  line.target = what.target;
  line.count = what.count;
  audit_->Done(line);
}

}  // namespace paracle::service

// Access is the one door of every call: who makes it, and whether that caller may do this with that namespace.
//
// Each call passes twice. First Identify, before its request is parsed: from the call's own metadata and its peer's
// certificate, never from anything that the connection remembers, because one connection carries the calls of many.
// Then, as soon as its handler knows the namespace and before the cache is touched, Admit. Whatever may refuse a call
// of a namespace belongs here. Thread-safe; where no authentication is set up, both cost a comparison.
#ifndef PARACLE_SERVICE_ACCESS_H_
#define PARACLE_SERVICE_ACCESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/audit_log.h"
#include "service/auth/authenticator.h"
#include "service/auth/caller.h"
#include "service/operation.h"

namespace grpc {
class ServerContextBase;
}

namespace paracle::service {

// A call and who makes it; for as long as gRPC keeps the call.
struct IdentifiedCall {
  const grpc::ServerContextBase* context = nullptr;
  auth::Caller caller;
};

// What is noted of an admitted call that an operator may want to hear of.
struct Audited {
  Operation operation;
  std::string ns;                 // Empty: all, or none.
  absl::string_view target = "";  // Of an invalidation: what is forgotten, by its kind.
  std::optional<int64_t> count = std::nullopt;
};

class Access {
 public:
  // `authenticator` null: nobody is asked who they are. `with_certificates`: whether peers may have shown one. `audit`
  // null: nothing is noted. Both outlive the access.
  Access(const auth::Authenticator* authenticator, bool with_certificates, AuditLog* audit)
      : authenticator_(authenticator), with_certificates_(with_certificates), audit_(audit) {}

  // UNAUTHENTICATED: the call brings no credentials, or none that are good. The same words and work for all of them.
  absl::StatusOr<IdentifiedCall> Identify(const grpc::ServerContextBase& call, Operation operation) const;

  // PERMISSION_DENIED: the caller has not the role, or not the namespace; whether the namespace exists plays no part.
  absl::Status Admit(const IdentifiedCall& call, Operation operation, absl::string_view ns) const {
    if (call.caller.unrestricted()) return absl::OkStatus();
    return Judge(call, operation, ns);
  }

  // For what concerns all namespaces: PERMISSION_DENIED also for a caller who may use only some.
  absl::Status AdmitToAll(const IdentifiedCall& call, Operation operation) const;

  // For what concerns no namespace: the role alone.
  absl::Status AdmitToNone(const IdentifiedCall& call, Operation operation) const;

  // Whether Admit would say OK, for a caller who has not asked for it: nothing is refused.
  bool Allows(const IdentifiedCall& call, Operation operation, absl::string_view ns) const {
    return call.caller.HasAnyOf(RolesFor(operation)) && call.caller.MayUse(ns);
  }
  bool AllowsToAll(const IdentifiedCall& call, Operation operation) const {
    return AllowsToNone(call, operation) && call.caller.MayUseAll();
  }
  bool AllowsToNone(const IdentifiedCall& call, Operation operation) const {
    return call.caller.HasAnyOf(RolesFor(operation));
  }

  // Notes how an admitted call has ended.
  void Audit(const IdentifiedCall& call, const Audited& what, absl::StatusCode result) const;

 private:
  absl::Status Judge(const IdentifiedCall& call, Operation operation, absl::string_view ns) const;
  // The refusal, noted.
  absl::Status Refuse(const IdentifiedCall& call, Operation operation, absl::string_view ns, absl::Status status) const;

  const auth::Authenticator* const authenticator_;
  const bool with_certificates_;
  AuditLog* const audit_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_ACCESS_H_

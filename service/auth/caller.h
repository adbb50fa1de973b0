// Caller is who makes one call: nobody in particular, who may do everything, where no authentication is set up; else
// what its token and its certificate prove. When both are known, both must allow.
#ifndef PARACLE_SERVICE_AUTH_CALLER_H_
#define PARACLE_SERVICE_AUTH_CALLER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/auth/identity.h"

namespace paracle::service::auth {

// A value; as thread-safe as one.
class Caller {
 public:
  Caller() = default;

  // REQUIRES: one of them, at least, is not null.
  Caller(std::shared_ptr<const Identity> token, std::shared_ptr<const Identity> certificate)
      : token_(std::move(token)), certificate_(std::move(certificate)) {}

  // Whether there is nothing that it may not do, because nobody is asked who they are.
  bool unrestricted() const { return token_ == nullptr && certificate_ == nullptr; }

  bool HasAnyOf(RoleSet roles) const {
    return Both([roles](const Identity& identity) { return identity.roles.HasAnyOf(roles); });
  }
  bool MayUse(absl::string_view ns) const {
    return Both([ns](const Identity& identity) { return identity.MayUse(ns); });
  }
  bool MayUseAll() const {
    return Both([](const Identity& identity) { return identity.all_namespaces; });
  }

  // "agents"; "agents+worker-cert" when a certificate stands beside the token; empty when unrestricted.
  std::string id() const {
    if (token_ == nullptr || certificate_ == nullptr) {
      const Identity* const one = token_ != nullptr ? token_.get() : certificate_.get();
      return one == nullptr ? "" : one->id;
    }
    return absl::StrCat(token_->id, "+", certificate_->id);
  }

 private:
  template <typename Predicate>
  bool Both(Predicate allows) const {
    return (token_ == nullptr || allows(*token_)) && (certificate_ == nullptr || allows(*certificate_));
  }

  std::shared_ptr<const Identity> token_;
  std::shared_ptr<const Identity> certificate_;
};

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_CALLER_H_

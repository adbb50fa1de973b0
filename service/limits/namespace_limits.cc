#include "service/limits/namespace_limits.h"

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace paracle::service {
namespace {

std::string Quoted(absl::string_view ns) { return absl::StrCat("namespace \"", ns, "\""); }

}  // namespace

NamespaceLimits::NamespaceLimits(LimitRules rules, const cachecore::Clock* clock)
    : rules_(std::move(rules)),
      clock_(clock),
      beyond_("what namespaces without an account of their own share (there are too many)", rules_.others, clock) {
  for (const auto& [ns, rule] : rules_.named) {
    named_[ns] = rule.limits_calls() ? std::make_unique<NamespaceAccount>(Quoted(ns), rule, clock) : nullptr;
  }
}

absl::StatusOr<LimitPass> NamespaceLimits::Enter(absl::string_view ns, size_t request_bytes) {
  NamespaceAccount* const account = Find(ns);
  if (account == nullptr) return LimitPass();
  if (absl::Status refusal = account->Enter(static_cast<int64_t>(request_bytes)); !refusal.ok()) {
    account->LetGo();
    return refusal;
  }
  return LimitPass(account);
}

NamespaceAccount* NamespaceLimits::Find(absl::string_view ns) {
  const auto it = named_.find(ns);
  if (it == named_.end()) return rules_.others.limits_calls() ? FindOther(ns) : nullptr;
  if (it->second != nullptr) it->second->Hold();
  return it->second.get();
}

NamespaceAccount* NamespaceLimits::FindOther(absl::string_view ns) {
  Stripe& stripe = stripes_[absl::HashOf(ns) % kStripes];
  cachecore::MutexLock lock(stripe.mutex);
  auto it = stripe.accounts.find(ns);
  if (it == stripe.accounts.end()) {
    if (stripe.accounts.size() >= kMaxPerStripe) ForgetIdle(stripe);
    if (stripe.accounts.size() >= kMaxPerStripe) {
      beyond_.Hold();
      return &beyond_;
    }
    it = stripe.accounts.emplace(ns, std::make_unique<NamespaceAccount>(Quoted(ns), rules_.others, clock_)).first;
  }
  it->second->Hold();
  return it->second.get();
}

void NamespaceLimits::ForgetIdle(Stripe& stripe) {
  absl::erase_if(stripe.accounts, [](const auto& account) { return account.second->idle(); });
}

size_t NamespaceLimits::tracked() const {
  size_t tracked = 0;
  for (const Stripe& stripe : stripes_) {
    cachecore::MutexLock lock(stripe.mutex);
    tracked += stripe.accounts.size();
  }
  return tracked;
}

}  // namespace paracle::service

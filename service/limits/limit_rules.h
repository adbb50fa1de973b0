// LimitRules say how much each namespace may take of the server. From text, as PARACLE_CACHE_NAMESPACE_LIMITS has it:
//
//   acme:rps=100,in_flight=32,bytes=10MiB,memory=25%;*:rps=1000
//
// Entries are separated by semicolons; "*" stands for every namespace, and what an entry does not say holds for it as
// it does for all. "none" lifts what "*" says. Immutable once made; pure, thread-safe.
#ifndef PARACLE_SERVICE_LIMITS_LIMIT_RULES_H_
#define PARACLE_SERVICE_LIMITS_LIMIT_RULES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paracle::service {

// Of one namespace. 0: no limit, in every field.
struct LimitRule {
  int64_t requests_per_second = 0;
  int64_t in_flight = 0;
  int64_t bytes_per_second = 0;  // Of requests and answers together.
  double memory_share = 0;       // Of the memory tier, its entries as well as its bytes; up to 1.

  bool limits_calls() const { return requests_per_second > 0 || in_flight > 0 || bytes_per_second > 0; }

  friend bool operator==(const LimitRule&, const LimitRule&) = default;
};

struct LimitRules {
  static constexpr size_t kMaxNamed = 256;

  // INVALID_ARGUMENT: one line that names the entry at fault and what would be accepted.
  static absl::StatusOr<LimitRules> Parse(absl::string_view text);

  const LimitRule& Of(absl::string_view ns) const;

  bool limit_calls() const;
  bool limit_memory() const;

  std::map<std::string, LimitRule, std::less<>> named;
  LimitRule others;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_LIMIT_RULES_H_

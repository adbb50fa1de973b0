#include "service/limits/limit_refusal.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"

namespace paracle::service {

absl::Status OverNamespaceLimit(absl::string_view who, int64_t limit, absl::string_view unit, absl::string_view field,
                                absl::Duration wait) {
  const absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat(who, " is over its limit of ", limit, " ", unit, " (", field, "); try again later"));
  return cachecore::WithRetryDelay(cachecore::WithReason(status, kReasonNamespaceLimit),
                                   std::clamp(wait, absl::Milliseconds(1), absl::Minutes(1)));
}

}  // namespace paracle::service

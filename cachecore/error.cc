#include "cachecore/error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace paracle::cachecore {
namespace {

constexpr absl::string_view kReasonUrl = "cache.paracle/reason";
constexpr absl::string_view kFieldUrl = "cache.paracle/field";
constexpr absl::string_view kRetryDelayUrl = "cache.paracle/retry_delay_nanos";

std::string PayloadOf(const absl::Status& status, absl::string_view url) {
  const auto payload = status.GetPayload(url);
  return payload ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status InvalidField(absl::string_view field, absl::string_view message, absl::string_view reason) {
  absl::Status status = absl::InvalidArgumentError(absl::StrCat(field, ": ", message));
  status.SetPayload(kFieldUrl, absl::Cord(field));
  return WithReason(std::move(status), reason);
}

absl::Status StaleFillToken() {
  return WithReason(absl::FailedPreconditionError("fill_token: the question was invalidated after the fill began, or "
                                                  "the token is not of this server's making; nothing was stored"),
                    kReasonStaleFillToken);
}

absl::Status LeaseLost() {
  return WithReason(absl::FailedPreconditionError("fill_token: the lease has ended, or went to somebody else; nothing "
                                                  "was changed"),
                    kReasonLeaseLost);
}

absl::Status SharedTierUnavailable(const absl::Status& why) {
  return WithReason(
      absl::UnavailableError(absl::StrCat("the shared tier could not be told of the invalidation (", why.message(),
                                          "); it was applied to this server alone, and "
                                          "may be repeated")),
      kReasonSharedTierUnavailable);
}

absl::Status WithReason(absl::Status status, absl::string_view reason) {
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  return status;
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  status.SetPayload(kRetryDelayUrl, absl::Cord(absl::StrCat(absl::ToInt64Nanoseconds(delay))));
  return status;
}

std::string ReasonOf(const absl::Status& status) { return PayloadOf(status, kReasonUrl); }
std::string FieldOf(const absl::Status& status) { return PayloadOf(status, kFieldUrl); }

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  int64_t nanos;
  if (!absl::SimpleAtoi(PayloadOf(status, kRetryDelayUrl), &nanos)) return std::nullopt;
  return absl::Nanoseconds(nanos);
}

}  // namespace paracle::cachecore

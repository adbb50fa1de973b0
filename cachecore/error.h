// Errors of cachecore: absl::Status with two facts that survive up to the wire, a stable reason and the field at fault.
#ifndef PARACLE_CACHECORE_ERROR_H_
#define PARACLE_CACHECORE_ERROR_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace paracle::cachecore {

// Reasons, as google.rpc.ErrorInfo.reason gives them to clients. Never renamed.
inline constexpr absl::string_view kReasonInvalidField = "INVALID_FIELD";
inline constexpr absl::string_view kReasonKeyInvalid = "KEY_INVALID";
inline constexpr absl::string_view kReasonEntryTooLarge = "ENTRY_TOO_LARGE";
inline constexpr absl::string_view kReasonStaleFillToken = "STALE_FILL_TOKEN";
inline constexpr absl::string_view kReasonLeaseLost = "LEASE_LOST";
inline constexpr absl::string_view kReasonTooManyRecordings = "TOO_MANY_RECORDINGS";
inline constexpr absl::string_view kReasonSharedTierUnavailable = "SHARED_TIER_UNAVAILABLE";

// `field` is the path in the request, as "entry.key.params_json". The message begins with it.
absl::Status InvalidField(absl::string_view field, absl::string_view message,
                          absl::string_view reason = kReasonInvalidField);

// FAILED_PRECONDITION: what every tier says of a fill that came too late.
absl::Status StaleFillToken();

// FAILED_PRECONDITION: the lease is not the caller's any more.
absl::Status LeaseLost();

// UNAVAILABLE: an invalidation that the shared tier could not be told, and why.
absl::Status SharedTierUnavailable(const absl::Status& why);

absl::Status WithReason(absl::Status status, absl::string_view reason);

// The same may succeed after so long; kept to the nanosecond.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// Empty when there is none.
std::string ReasonOf(const absl::Status& status);
std::string FieldOf(const absl::Status& status);

// nullopt when there is none.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_ERROR_H_

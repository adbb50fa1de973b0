// Holds requests to the limits that cache.proto writes down. Every refusal is INVALID_ARGUMENT and names the field by
// its full path, as "entries[3].key.params_json". Pure, thread-safe.
#ifndef PARACLE_SERVICE_VALIDATION_H_
#define PARACLE_SERVICE_VALIDATION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/cache.h"
#include "cachecore/entry.h"
#include "cachecore/recorder.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::service {

inline constexpr int kMaxBatchEntries = 256;
inline constexpr int kMaxTags = 16;
inline constexpr absl::string_view kDefaultNamespace = "default";

// Which part of the request is checked: prefixes every field name. A batch says "entries" and the index.
struct FieldPath {
  absl::string_view list;  // Empty: the request itself.
  std::optional<int> index = 0;  // nullopt: a message of that name, not an element of a list.

  std::string Of(absl::string_view field) const;
};

// An EntryRef with its digest. Views point into the message.
struct ResolvedEntry {
  cachecore::EntryId id;
  absl::string_view provider;
  absl::string_view model;
};

// `field` names the EntryRef within `path`; empty when the path itself is the EntryRef.
absl::StatusOr<ResolvedEntry> ResolveEntry(const cache::v1::EntryRef& ref, const FieldPath& path,
                                           absl::string_view field);

// The namespace meant by `ns`; empty is "default". `field` is its full path.
absl::StatusOr<absl::string_view> ResolveNamespace(absl::string_view ns, absl::string_view field);

// What an operator may raise or lower.
struct RequestLimits {
  int64_t max_entry_bytes = 0;
  absl::Duration default_ttl;
  absl::Duration max_ttl;
  absl::Duration default_hold = absl::Seconds(30);  // Of a lease.
  absl::Duration max_hold = absl::Minutes(15);
};

// The spec of `request`, but for its payload, which is elsewhere and has `payload_size` bytes. Views point into the
// message; tags into `tags`.
absl::StatusOr<cachecore::EntrySpec> ResolveSet(const cache::v1::SetRequest& request, size_t payload_size,
                                                const RequestLimits& limits, const FieldPath& path,
                                                std::vector<std::string>* tags);

// What a caller asks of a lease.
struct LeaseTerms {
  absl::Duration hold;    // Within the limits.
  absl::Duration wait;    // >= 0.
  absl::Duration waited;  // >= 0.
};
absl::StatusOr<LeaseTerms> ResolveLease(const cache::v1::LeaseRequest& request, const RequestLimits& limits);

// How long to hold a lease; null has the default. `field` is its full path.
absl::StatusOr<absl::Duration> ResolveHold(const google::protobuf::Duration* hold, const RequestLimits& limits,
                                           absl::string_view field);

// A token that names a lease.
absl::StatusOr<cachecore::FillToken> ResolveLeaseToken(absl::string_view bytes, absl::string_view field);

absl::Status CheckContentType(absl::string_view content_type, absl::string_view field);

// Tags go into `tags`.
absl::StatusOr<cachecore::RecordedFacts> ResolveRecordEnd(const cache::v1::RecordEnd& end, const RequestLimits& limits,
                                                          std::vector<std::string>* tags);

absl::StatusOr<absl::Duration> ResolveKeepAlive(const cache::v1::FollowRequest& request);

absl::StatusOr<cachecore::InvalidationTarget> ResolveTarget(const cache::v1::InvalidateRequest& request);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_VALIDATION_H_

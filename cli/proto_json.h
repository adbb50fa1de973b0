// Small parts of our messages as JSON and as text for people.
#ifndef PARACLE_CLI_PROTO_JSON_H_
#define PARACLE_CLI_PROTO_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace paracle::cli {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);
absl::Duration ToDuration(const google::protobuf::Duration& duration);
google::protobuf::Duration ToProto(absl::Duration duration);

// RFC 3339 in UTC, "2026-11-23T14:10:07.5Z".
std::string Rfc3339(absl::Time time);

// "256 B", "4.0 KiB", "1.5 GiB".
std::string HumanBytes(int64_t bytes);

// "1 entry", "about 12 entries".
std::string CountedEntries(int64_t count, bool estimated);

// The object as text with a newline at the end; `compact` puts it on one line. Bytes that are not UTF-8 are replaced.
std::string Dump(const nlohmann::ordered_json& json, bool compact = false);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_PROTO_JSON_H_

#include "cachecore/redis/reply.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::redis {
namespace {

struct Meaning {
  absl::string_view word;
  absl::StatusCode code;
};

constexpr Meaning kMeanings[] = {
    {"LOADING", absl::StatusCode::kUnavailable},     {"MASTERDOWN", absl::StatusCode::kUnavailable},
    {"CLUSTERDOWN", absl::StatusCode::kUnavailable}, {"BUSY", absl::StatusCode::kUnavailable},
    {"TRYAGAIN", absl::StatusCode::kUnavailable},    {"READONLY", absl::StatusCode::kUnavailable},
    {"MISCONF", absl::StatusCode::kUnavailable},     {"OOM", absl::StatusCode::kResourceExhausted},
    {"NOAUTH", absl::StatusCode::kPermissionDenied}, {"WRONGPASS", absl::StatusCode::kPermissionDenied},
    {"NOPERM", absl::StatusCode::kPermissionDenied}, {"NOSCRIPT", absl::StatusCode::kNotFound},
};

constexpr size_t kMessageLimit = 256;

}  // namespace

absl::Status StatusOf(const Reply& reply) {
  if (!reply.is_error()) return absl::OkStatus();
  const absl::string_view text = reply.text;
  const absl::string_view word = text.substr(0, text.find(' '));
  const auto* found = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                   [word](const Meaning& meaning) { return meaning.word == word; });
  return {found == std::end(kMeanings) ? absl::StatusCode::kInternal : found->code, text.substr(0, kMessageLimit)};
}

}  // namespace paracle::cachecore::redis

#include "cachecore/eviction_check.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace paracle::cachecore {
namespace {

absl::string_view Field(absl::string_view info, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(info, absl::ByAnyChar("\r\n"), absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (field.first == name) return field.second;
  }
  return "";
}

}  // namespace

std::optional<std::string> EvictionWarning(absl::string_view info_memory) {
  const absl::string_view limit = Field(info_memory, "maxmemory");
  const absl::string_view policy = Field(info_memory, "maxmemory_policy");
  if (limit.empty() || limit == "0" || !absl::StartsWith(policy, "allkeys-")) return std::nullopt;
  return absl::StrCat("maxmemory-policy ", policy,
                      " may evict the marks of invalidations, and the whole cache is then forgotten; volatile-lru or "
                      "volatile-ttl evicts entries alone");
}

void CheckEviction(redis::Client& client, absl::AnyInvocable<void(absl::string_view warning) &&> warn) {
  client.Send(redis::Lane::kControl, redis::Command({"INFO", "memory"}), absl::Seconds(1),
              [warn = std::move(warn)](absl::StatusOr<redis::Reply> reply) mutable {
                if (!reply.ok() || !reply->is_string()) return;
                if (const auto warning = EvictionWarning(reply->text)) std::move(warn)(*warning);
              });
}

}  // namespace paracle::cachecore

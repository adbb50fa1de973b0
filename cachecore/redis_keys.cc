#include "cachecore/redis_keys.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/entry_tag.h"
#include "cachecore/error.h"

namespace paracle::cachecore {
namespace {

constexpr size_t kMaxPrefix = 128;

std::string EscapeGlob(absl::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (absl::string_view("*?[]\\^").find(c) != absl::string_view::npos) escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

}  // namespace

RedisKeys::RedisKeys(std::string prefix)
    : prefix_(std::move(prefix)),
      mark_state_(absl::StrCat(prefix_, "{marks}:state")),
      mark_names_(absl::StrCat(prefix_, "{marks}:names")),
      mark_times_(absl::StrCat(prefix_, "{marks}:times")),
      mark_channel_(absl::StrCat(prefix_, "marks")),
      lease_channel_(absl::StrCat(prefix_, "leases")) {}

absl::Status RedisKeys::ValidatePrefix(absl::string_view prefix) {
  const bool braces = prefix.find_first_of("{}") != absl::string_view::npos;
  if (!prefix.empty() && prefix.size() <= kMaxPrefix && !braces) return absl::OkStatus();
  return InvalidField("prefix", "must be 1 to 128 bytes without braces");
}

std::string RedisKeys::Entry(const EntryId& id) const { return Of(id, ":e"); }
std::string RedisKeys::Lease(const EntryId& id) const { return Of(id, ":l"); }
std::string RedisKeys::Recording(const EntryId& id) const { return Of(id, ":r"); }

std::string RedisKeys::Of(const EntryId& id, absl::string_view what) const {
  return absl::StrCat(prefix_, "{", HashOfNamespaceInHex(id.ns), "/", id.digest.ToHex(), "}", what);
}

std::string RedisKeys::EntryPattern(absl::string_view ns) const {
  return Pattern(absl::StrCat(HashOfNamespaceInHex(ns), "/*"));
}

std::string RedisKeys::EntryPattern() const { return Pattern("*/*"); }

std::string RedisKeys::Pattern(absl::string_view inside_the_tag) const {
  return absl::StrCat(EscapeGlob(prefix_), "{", inside_the_tag, "}:e");
}

}  // namespace paracle::cachecore

#include "cachecore/redis_keys.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "cachecore/internal/sha256.h"

namespace paracle::cachecore {
namespace {

constexpr size_t kMaxPrefix = 128;
constexpr size_t kNamespaceBytes = 16;

// The last one of each thread is kept: most callers ask in one namespace, and OpenSSL's code is cold when they ask rarely.
const std::string& HashOfNamespace(absl::string_view ns) {
  struct Last {
    std::string ns, hash;
  };
  thread_local Last last;
  if (last.hash.empty() || last.ns != ns) {
    last = {std::string(ns), absl::BytesToHexString(internal::Sha256(ns).AsBytes().substr(0, kNamespaceBytes))};
  }
  return last.hash;
}

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
      mark_channel_(absl::StrCat(prefix_, "marks")) {}

absl::Status RedisKeys::ValidatePrefix(absl::string_view prefix) {
  const bool braces = prefix.find_first_of("{}") != absl::string_view::npos;
  if (!prefix.empty() && prefix.size() <= kMaxPrefix && !braces) return absl::OkStatus();
  return InvalidField("prefix", "must be 1 to 128 bytes without braces");
}

std::string RedisKeys::Entry(const EntryId& id) const {
  return absl::StrCat(prefix_, "{", HashOfNamespace(id.ns), "/", id.digest.ToHex(), "}:e");
}

std::string RedisKeys::EntryPattern(absl::string_view ns) const {
  return Pattern(absl::StrCat(HashOfNamespace(ns), "/*"));
}

std::string RedisKeys::EntryPattern() const { return Pattern("*/*"); }

std::string RedisKeys::Pattern(absl::string_view inside_the_tag) const {
  return absl::StrCat(EscapeGlob(prefix_), "{", inside_the_tag, "}:e");
}

}  // namespace paracle::cachecore

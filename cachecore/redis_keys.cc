#include "cachecore/redis_keys.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cachecore/error.h"

namespace paracle::cachecore {
namespace {

constexpr size_t kMaxPrefix = 128;
constexpr size_t kNamespaceHex = 2 * EntryTag::kNamespaceBytes;
constexpr absl::string_view kEntry = ":e";

std::string EscapeGlob(absl::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (absl::string_view("*?[]\\^").find(c) != absl::string_view::npos) escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

}  // namespace

RedisKeys::RedisKeys(std::string prefix, NameHash names)
    : names_(std::move(names)),
      prefix_(std::move(prefix)),
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

std::string RedisKeys::Entry(const EntryTag& tag) const { return Of(tag, kEntry); }
std::string RedisKeys::Lease(const EntryId& id) const { return Of(TagOf(id), ":l"); }
std::string RedisKeys::Recording(const EntryId& id) const { return Of(TagOf(id), ":r"); }

std::string RedisKeys::Of(const EntryTag& tag, absl::string_view what) const {
  const std::string hex = absl::BytesToHexString(tag.AsBytes());
  const absl::string_view ns = absl::string_view(hex).substr(0, kNamespaceHex);
  return absl::StrCat(prefix_, "{", ns, "/", absl::string_view(hex).substr(kNamespaceHex), "}", what);
}

std::optional<EntryTag> RedisKeys::EntryOf(absl::string_view key) const {
  if (!absl::ConsumePrefix(&key, prefix_) || !absl::ConsumePrefix(&key, "{") || !absl::ConsumeSuffix(&key, kEntry) ||
      !absl::ConsumeSuffix(&key, "}") || key.size() != 2 * EntryTag::kSize + 1 || key[kNamespaceHex] != '/') {
    return std::nullopt;
  }
  const std::string hex = absl::StrCat(key.substr(0, kNamespaceHex), key.substr(kNamespaceHex + 1));
  const std::string bytes = absl::HexStringToBytes(hex);  // Of anything: it makes what it likes of other letters.
  if (absl::BytesToHexString(bytes) != hex) return std::nullopt;
  return EntryTag::FromBytes(bytes);
}

std::string RedisKeys::EntryPattern(absl::string_view ns) const {
  return Pattern(absl::StrCat(HexOfNamespace(ns, names_), "/*"));
}

std::string RedisKeys::EntryPattern() const { return Pattern("*/*"); }

std::string RedisKeys::Pattern(absl::string_view inside_the_tag) const {
  return absl::StrCat(EscapeGlob(prefix_), "{", inside_the_tag, "}:e");
}

}  // namespace paracle::cachecore

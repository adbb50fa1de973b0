#include "cachecore/mark_name.h"

#include <cstring>
#include <string>

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

char LetterOf(Kind kind) {
  switch (kind) {
    case Kind::kDigest:
      return 'd';
    case Kind::kTag:
      return 't';
    case Kind::kModel:
      return 'm';
    case Kind::kNamespace:
      break;
  }
  return 'n';
}

absl::string_view ValueOf(const InvalidationTarget& target) {
  switch (target.kind) {
    case Kind::kDigest:
      return target.digest.AsBytes();
    case Kind::kTag:
    case Kind::kModel:
      return target.value;
    case Kind::kNamespace:
      break;
  }
  return "";
}

}  // namespace

MarkName MarkName::Of(Kind kind, absl::string_view ns, absl::string_view value, const NameHash& names) {
  std::string text(1, LetterOf(kind));
  text.reserve(9 + ns.size() + value.size());
  for (int shift = 56; shift >= 0; shift -= 8) text.push_back(static_cast<char>(uint64_t{ns.size()} >> shift));
  text.append(ns.data(), ns.size()).append(value.data(), value.size());
  return *FromBytes(names.Of(text).AsBytes().substr(0, kSize));
}

MarkName MarkName::Of(const InvalidationTarget& target, const NameHash& names) {
  return Of(target.kind, target.ns, ValueOf(target), names);
}

std::optional<MarkName> MarkName::FromBytes(absl::string_view raw) {
  if (raw.size() != kSize) return std::nullopt;
  MarkName name;
  std::memcpy(name.bytes.data(), raw.data(), kSize);
  return name;
}

}  // namespace paracle::cachecore

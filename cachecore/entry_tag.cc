#include "cachecore/entry_tag.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace paracle::cachecore {
namespace {

// What a thread has hashed last is kept: most callers ask in one namespace, a question's keys are made one after the
// other, and OpenSSL's code is cold when they ask rarely.
struct LastNamespace {
  uint64_t names = 0;
  std::string ns, bytes, hex;
};
struct LastQuestion {
  uint64_t names = 0;  // 0: none.
  std::string ns_bytes;
  Digest digest, hash;
};

std::string BytesOfNamespace(absl::string_view ns, const NameHash& names) {
  const Digest hash = names.keyed() ? names.Of(absl::StrCat("N", ns)) : names.Of(ns);
  return std::string(hash.AsBytes().substr(0, EntryTag::kNamespaceBytes));
}

const LastNamespace& HashOf(absl::string_view ns, const NameHash& names) {
  thread_local LastNamespace last;
  if (last.bytes.empty() || last.names != names.id() || last.ns != ns) {
    const std::string bytes = BytesOfNamespace(ns, names);
    last = {names.id(), std::string(ns), bytes, absl::BytesToHexString(bytes)};
  }
  return last;
}

const Digest& HashOf(const std::string& ns_bytes, const Digest& digest, const NameHash& names) {
  if (!names.keyed()) return digest;
  thread_local LastQuestion last;
  if (last.names != names.id() || last.digest != digest || last.ns_bytes != ns_bytes) {
    last = {names.id(), ns_bytes, digest, names.Of(absl::StrCat("E", ns_bytes, digest.AsBytes()))};
  }
  return last.hash;
}

}  // namespace

EntryTag EntryTag::Of(const EntryId& id, const NameHash& names) {
  const std::string& ns_bytes = HashOf(id.ns, names).bytes;
  EntryTag tag;
  std::memcpy(tag.bytes_.data(), ns_bytes.data(), kNamespaceBytes);
  std::memcpy(tag.bytes_.data() + kNamespaceBytes, HashOf(ns_bytes, id.digest, names).bytes.data(), Digest::kSize);
  return tag;
}

std::optional<EntryTag> EntryTag::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kSize) return std::nullopt;
  EntryTag tag;
  std::memcpy(tag.bytes_.data(), bytes.data(), kSize);
  return tag;
}

const std::string& HexOfNamespace(absl::string_view ns, const NameHash& names) { return HashOf(ns, names).hex; }

}  // namespace paracle::cachecore

#include "cachecore/entry_tag.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace paracle::cachecore {
namespace {

// What a thread has hashed last is kept: most callers ask in one namespace, a question's keys are made one after the
// other, and OpenSSL's code is cold when they ask rarely.
struct LastNamespace {
  bool any = false;
  uint64_t names = 0;
  std::string ns, hex;
  std::array<char, EntryTag::kNamespaceBytes> bytes;
};
struct LastQuestion {
  uint64_t names = 0;  // 0: none.
  std::array<char, EntryTag::kNamespaceBytes> ns;
  Digest digest, hash;
};

const LastNamespace& HashOf(absl::string_view ns, const NameHash& names) {
  thread_local LastNamespace last;
  if (!last.any || last.names != names.id() || last.ns != ns) {
    const Digest hash = names.keyed() ? names.Of(absl::StrCat("N", ns)) : names.Of(ns);
    last = {.any = true, .names = names.id(), .ns = std::string(ns), .hex = "", .bytes = {}};
    std::memcpy(last.bytes.data(), hash.bytes.data(), last.bytes.size());
    last.hex = absl::BytesToHexString({last.bytes.data(), last.bytes.size()});
  }
  return last;
}

const Digest& HashOf(const LastNamespace& ns, const Digest& digest, const NameHash& names) {
  thread_local LastQuestion last;
  if (last.names != names.id() || last.digest != digest || last.ns != ns.bytes) {
    char text[1 + EntryTag::kSize] = {'E'};
    std::memcpy(text + 1, ns.bytes.data(), ns.bytes.size());
    std::memcpy(text + 1 + ns.bytes.size(), digest.bytes.data(), Digest::kSize);
    last = {.names = names.id(), .ns = ns.bytes, .digest = digest, .hash = names.Of({text, sizeof(text)})};
  }
  return last.hash;
}

}  // namespace

EntryTag EntryTag::Of(const EntryId& id, const NameHash& names) {
  const LastNamespace& ns = HashOf(id.ns, names);
  const Digest& question = names.keyed() ? HashOf(ns, id.digest, names) : id.digest;
  EntryTag tag;
  std::memcpy(tag.bytes_.data(), ns.bytes.data(), kNamespaceBytes);
  std::memcpy(tag.bytes_.data() + kNamespaceBytes, question.bytes.data(), Digest::kSize);
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

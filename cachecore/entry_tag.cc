#include "cachecore/entry_tag.h"

#include "absl/strings/escaping.h"
#include "cachecore/internal/sha256.h"

namespace paracle::cachecore {
namespace {

struct NamespaceHash {
  std::string ns, bytes, hex;
};

// The last one of each thread is kept: most callers ask in one namespace, and OpenSSL's code is cold when they ask
// rarely.
const NamespaceHash& HashOf(absl::string_view ns) {
  thread_local NamespaceHash last;
  if (last.bytes.empty() || last.ns != ns) {
    const std::string bytes(internal::Sha256(ns).AsBytes().substr(0, EntryTag::kNamespaceBytes));
    last = {std::string(ns), bytes, absl::BytesToHexString(bytes)};
  }
  return last;
}

}  // namespace

EntryTag EntryTag::Of(const EntryId& id) {
  EntryTag tag;
  std::memcpy(tag.bytes_.data(), HashOf(id.ns).bytes.data(), kNamespaceBytes);
  std::memcpy(tag.bytes_.data() + kNamespaceBytes, id.digest.bytes.data(), Digest::kSize);
  return tag;
}

std::optional<EntryTag> EntryTag::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kSize) return std::nullopt;
  EntryTag tag;
  std::memcpy(tag.bytes_.data(), bytes.data(), kSize);
  return tag;
}

const std::string& HashOfNamespaceInHex(absl::string_view ns) { return HashOf(ns).hex; }

}  // namespace paracle::cachecore

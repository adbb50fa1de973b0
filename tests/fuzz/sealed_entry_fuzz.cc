// Properties of the sealed forms: no bytes crash their readers, and neither does anything that was sealed with the right
// key, which mutations would never find. What opens, opens for its own tag alone.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "cachecore/entry_codec.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/sealing.h"
#include "cachecore/internal/stored_format.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

EntryTag TagOf(absl::string_view ns) { return EntryTag::Of({.ns = ns, .digest = {}}, NameHash()); }

// An entry whose head and payload are those bytes, whatever they say.
std::string Seal(const encryption::KeyRing& keys, absl::string_view head, absl::string_view payload) {
  const encryption::KeyRing::Key& master = keys.SealerOf("default");
  std::string header;
  Require(internal::AppendSealingHeader(master, FixedRandomness, header));
  const absl::string_view salt = absl::string_view(header).substr(header.size() - internal::kSaltSize);
  const internal::SealingKey key({.key = &master, .salt = salt}, {"paracle-cache entry 1", TagOf("default").AsBytes()});
  std::string out;
  internal::AppendFormat({.sealed = true, .encryption_header = header}, out);
  internal::AppendVarint(head.size() + encryption::kTagSize, out);
  for (const auto& [nonce, part] : {std::pair(0, head), std::pair(1, payload)}) {
    const size_t begin = out.size();
    out.append(part.data(), part.size());
    key.Seal(static_cast<uint64_t>(nonce), begin, part.size(), out);
  }
  return out;
}

void Check(const EntryCodec& codec, absl::string_view bytes) {
  const auto head = codec.DecodeHead(bytes, TagOf("default"));
  const auto entry = codec.Decode(std::string(bytes), TagOf("default"));
  if (entry.ok()) Require(head.ok() && !codec.Decode(std::string(bytes), TagOf("other")).ok());
  const RecordingPart part{.ns = "default", .tag = TagOf("default"), .lease = 1, .number = 2};
  (void)codec.DecodePart(part, bytes);
}

}  // namespace
}  // namespace paracle::cachecore

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace paracle::cachecore;
  static const auto* const keys = new auto(SomeKeys());
  static const auto* const codec = new EntryCodec(*keys);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Check(*codec, bytes);
  const absl::string_view all = bytes;
  const size_t cut = size == 0 ? 0 : std::min<size_t>(size, data[0] * size_t{4});
  Check(*codec, Seal(**keys, all.substr(0, cut), all.substr(cut)));
  const RecordingPart part{.ns = "default", .tag = TagOf("default"), .lease = 1, .number = 2};
  const auto sealed = codec->EncodePart(part, all);
  Require(sealed && *codec->DecodePart(part, *sealed) == all);
  return 0;
}

#include "cachecore/encryption/hkdf.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "cachecore/encryption/hmac.h"
#include "cachecore/encryption/secret.h"

namespace paracle::cachecore::encryption {
namespace {

template <typename Key>
void Expand(const Key& secret, absl::string_view info, absl::Span<char> out) {
  assert(out.size() <= 255 * kMacSize);
  WipedBytes<kMacSize> block;
  absl::string_view previous;
  char number = 1;
  for (size_t done = 0; done < out.size(); ++number) {
    HmacSha256(secret, {previous, info, {&number, 1}}, block.span());
    previous = block.view();
    const size_t taken = std::min(kMacSize, out.size() - done);
    std::copy_n(block.bytes, taken, out.data() + done);
    done += taken;
  }
}

}  // namespace

void HkdfSha256(absl::string_view secret, absl::string_view salt, absl::string_view info, absl::Span<char> out) {
  WipedBytes<kMacSize> extracted;
  HmacSha256(salt, {secret}, extracted.span());
  HkdfExpandSha256(extracted.view(), info, out);
}

void HkdfExpandSha256(absl::string_view secret, absl::string_view info, absl::Span<char> out) {
  Expand(secret, info, out);
}

void HkdfExpandSha256(const Secret& secret, absl::string_view info, absl::Span<char> out) {
  Expand(secret, info, out);
}

}  // namespace paracle::cachecore::encryption

// HMAC-SHA-256 (RFC 2104, FIPS 198-1) over OpenSSL's SHA-256.
//
// Made here of two runs of the hash, because OpenSSL's own MAC keeps what it made of the key in a context on the heap:
// used again it leaves the key lying about, made anew it costs several times as much. Stateless; thread-safe.
#ifndef PARACLE_CACHECORE_ENCRYPTION_HMAC_H_
#define PARACLE_CACHECORE_ENCRYPTION_HMAC_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::cachecore::encryption {

inline constexpr size_t kMacSize = 32;

class Secret;

// What HMAC makes of a key before it has seen a message, which is half of the work for a short one: the hash after the
// inner block and after the outer one (RFC 2104, section 4). As secret as the key.
struct HmacPads {
  uint32_t inner[8];
  uint32_t outer[8];
};

// REQUIRES: key.size() <= 64.
HmacPads HmacPadsOf(absl::string_view key);

// The MAC of the pieces, end to end, to `out`, which has kMacSize bytes and may be one of the pieces. Where the pieces
// meet is not told by it.
void HmacSha256(absl::string_view key, std::initializer_list<absl::string_view> pieces, absl::Span<char> out);

// The same with a key whose pads are kept.
void HmacSha256(const Secret& key, std::initializer_list<absl::string_view> pieces, absl::Span<char> out);

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_HMAC_H_

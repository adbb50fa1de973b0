// HMAC-SHA-256 (RFC 2104, FIPS 198-1) over OpenSSL's SHA-256.
//
// Made here of two runs of the hash, because OpenSSL's own MAC keeps what it made of the key in a context on the heap:
// used again it leaves the key lying about, made anew it costs several times as much. Stateless; thread-safe.
#ifndef PARACLE_CACHECORE_ENCRYPTION_HMAC_H_
#define PARACLE_CACHECORE_ENCRYPTION_HMAC_H_

#include <cstddef>
#include <initializer_list>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::cachecore::encryption {

inline constexpr size_t kMacSize = 32;

// The MAC of the pieces, end to end, to `out`, which has kMacSize bytes and may be one of the pieces. Where the pieces
// meet is not told by it.
void HmacSha256(absl::string_view key, std::initializer_list<absl::string_view> pieces, absl::Span<char> out);

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_HMAC_H_

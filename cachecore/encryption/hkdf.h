// HKDF-SHA-256 (RFC 5869): keys for one purpose each, made of a secret. Stateless; thread-safe.
#ifndef PARACLE_CACHECORE_ENCRYPTION_HKDF_H_
#define PARACLE_CACHECORE_ENCRYPTION_HKDF_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::cachecore::encryption {

class Secret;

// Fills `out`. Other salts, and other `info`, give keys that tell nothing of each other.
// REQUIRES: out.size() <= 255 * 32.
void HkdfSha256(absl::string_view secret, absl::string_view salt, absl::string_view info, absl::Span<char> out);

// Its second half, for a secret of 32 bytes that is random already: then the first may be left out (section 3.3), which
// halves what it costs. What would be the salt goes into `info`.
void HkdfExpandSha256(absl::string_view secret, absl::string_view info, absl::Span<char> out);
void HkdfExpandSha256(const Secret& secret, absl::string_view info, absl::Span<char> out);

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_HKDF_H_

// Digest is the SHA-256 of a canonical key document: the name of a question.
#ifndef PARACLE_CACHECORE_DIGEST_H_
#define PARACLE_CACHECORE_DIGEST_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace paracle::cachecore {

struct Digest {
  static constexpr size_t kSize = 32;

  std::array<uint8_t, kSize> bytes{};

  // nullopt unless `raw` is exactly 32 bytes.
  static std::optional<Digest> FromBytes(absl::string_view raw) {
    if (raw.size() != kSize) return std::nullopt;
    Digest digest;
    std::memcpy(digest.bytes.data(), raw.data(), kSize);
    return digest;
  }

  // nullopt unless `hex` is exactly 64 hex digits, of either case.
  static std::optional<Digest> FromHex(absl::string_view hex);

  // 64 lower-case hex digits.
  std::string ToHex() const { return absl::BytesToHexString(AsBytes()); }

  absl::string_view AsBytes() const { return {reinterpret_cast<const char*>(bytes.data()), kSize}; }

  friend bool operator==(const Digest& a, const Digest& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const Digest& a, const Digest& b) { return !(a == b); }
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_DIGEST_H_

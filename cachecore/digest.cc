#include "cachecore/digest.h"

#include "absl/strings/ascii.h"

namespace paracle::cachecore {

std::optional<Digest> Digest::FromHex(absl::string_view hex) {
  if (hex.size() != 2 * kSize) return std::nullopt;
  for (char c : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  return FromBytes(absl::HexStringToBytes(hex));
}

}  // namespace paracle::cachecore

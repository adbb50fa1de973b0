#include "cachecore/encryption/padding.h"

#include <algorithm>
#include <bit>

namespace paracle::cachecore::encryption {
namespace {

constexpr size_t kStepsUpTo = 4096;

constexpr size_t RoundUp(size_t size, size_t step) { return (size + step - 1) / step * step; }

}  // namespace

size_t PaddedSize(size_t size, size_t step) {
  if (size <= kStepsUpTo) return RoundUp(std::max<size_t>(size, 1), step);
  // As many leading bits are kept as it takes to write down the exponent.
  const int exponent = std::bit_width(size) - 1;
  const int kept = std::bit_width(static_cast<unsigned>(exponent));
  return RoundUp(size, size_t{1} << (exponent - kept));
}

}  // namespace paracle::cachecore::encryption

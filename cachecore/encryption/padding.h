// To what length sealed texts are padded, so that their size tells little of what is in them. Stateless.
#ifndef PARACLE_CACHECORE_ENCRYPTION_PADDING_H_
#define PARACLE_CACHECORE_ENCRYPTION_PADDING_H_

#include <cstddef>

namespace paracle::cachecore::encryption {

// Up to 4 KiB the next multiple of 256 bytes (256 for nothing at all). Beyond, the sizes of Padme (Nikitin et al.,
// "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019): at most 6.2 % more, and
// fewer than 32 different sizes between a power of two and the next one, up to 4 GiB. `step` is for texts that are best
// padded in other steps up to 4 KiB, which it must divide.
size_t PaddedSize(size_t size, size_t step = 256);

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_PADDING_H_

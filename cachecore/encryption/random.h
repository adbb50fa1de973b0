// Bytes that nobody can guess, from OpenSSL's generator, which the kernel seeds. Thread-safe.
#ifndef PARACLE_CACHECORE_ENCRYPTION_RANDOM_H_
#define PARACLE_CACHECORE_ENCRYPTION_RANDOM_H_

#include "absl/types/span.h"

namespace paracle::cachecore::encryption {

// Passed in where randomness is used, so that tests can let it fail. False: there are none, and what they were for must
// not happen.
using RandomSource = bool (*)(absl::Span<char> out);

bool SystemRandom(absl::Span<char> out);

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_RANDOM_H_

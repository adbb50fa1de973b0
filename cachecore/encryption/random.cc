#include "cachecore/encryption/random.h"

#include <openssl/rand.h>

namespace paracle::cachecore::encryption {

bool SystemRandom(absl::Span<char> out) {
  return RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1;
}

}  // namespace paracle::cachecore::encryption

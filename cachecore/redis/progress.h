// What one attempt to read or to write has come to.
#ifndef PARACLE_CACHECORE_REDIS_PROGRESS_H_
#define PARACLE_CACHECORE_REDIS_PROGRESS_H_

#include <cstddef>

#include "absl/status/status.h"

namespace paracle::cachecore::redis {

enum class Want { kNothing, kRead, kWrite };

// The bytes come first: what is wanted, or wrong, is so after them.
struct Progress {
  size_t bytes = 0;
  Want want = Want::kNothing;
  absl::Status error = absl::OkStatus();
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_PROGRESS_H_

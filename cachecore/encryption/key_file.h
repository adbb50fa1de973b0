// Reads the file of keys: what key_ring.h accepts, in a file that others cannot read.
#ifndef PARACLE_CACHECORE_ENCRYPTION_KEY_FILE_H_
#define PARACLE_CACHECORE_ENCRYPTION_KEY_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cachecore/encryption/key_ring.h"

namespace paracle::cachecore::encryption {

// INVALID_ARGUMENT with one line: it cannot be read, is longer than 256 KiB, may be read by others than its owner, or
// has a line that is not accepted. The group of a file that is root's may read it, if this process is not root: so
// Kubernetes mounts secrets. What was read is wiped.
absl::StatusOr<std::shared_ptr<const KeyRing>> ReadKeyFile(const std::string& path);

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_KEY_FILE_H_

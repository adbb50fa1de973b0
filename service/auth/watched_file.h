// WatchedFile tells when what stands in a file has changed. It looks at the content each time, so that no link, mount
// or clock can hide a change, and waits until two looks see the same: a file that is being written is not read half.
// Not thread-safe.
#ifndef PARACLE_SERVICE_AUTH_WATCHED_FILE_H_
#define PARACLE_SERVICE_AUTH_WATCHED_FILE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "service/auth/token.h"

namespace paracle::service::auth {

// All of a regular file of at most 1 MiB that not everybody may write. INVALID_ARGUMENT: "cannot be read: ...".
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Reads the file now. Whatever stands there, or is wrong with it, counts as seen.
  absl::StatusOr<std::string> Read();

  // True: since it was last read, the file has become another one, and stays as it is.
  bool Changed();

 private:
  const std::string path_;
  TokenHash read_ = {};    // Of what Read saw last.
  TokenHash looked_ = {};  // Of what Changed saw last.
};

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_WATCHED_FILE_H_

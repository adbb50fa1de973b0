// SocketLock makes a unix socket path one server's own. gRPC alone would let a second server take the path over in
// silence, and the first one's exit would then remove the second one's socket.
//
// The lock is a file beside the socket, PATH.lock, held by flock: it goes with the process, however that ends. A
// socket that nobody holds is what a crashed server left behind, and is removed.
#ifndef PARACLE_SERVICE_SOCKET_LOCK_H_
#define PARACLE_SERVICE_SOCKET_LOCK_H_

#include <string>

#include "absl/status/statusor.h"

namespace paracle::service {

class SocketLock {
 public:
  // UNAVAILABLE: another server lives there. FAILED_PRECONDITION: the path cannot be used.
  static absl::StatusOr<SocketLock> Take(const std::string& socket_path);

  SocketLock(SocketLock&& other) noexcept;
  SocketLock& operator=(SocketLock&&) = delete;

  // Removes the lock file. REQUIRES: the socket is closed.
  ~SocketLock();

 private:
  SocketLock(std::string lock_path, int fd) : lock_path_(std::move(lock_path)), fd_(fd) {}

  std::string lock_path_;
  int fd_;  // -1: moved from.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SOCKET_LOCK_H_

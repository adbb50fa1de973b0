#include "service/socket_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::service {
namespace {

absl::Status Unusable(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("cannot use ", path, ": ", why));
}

absl::Status InUse(const std::string& path) {
  return absl::UnavailableError(absl::StrCat("another server listens on unix:", path));
}

// True when `fd` is still what `path` names: a server that ends removes its lock file.
bool IsStillNamed(int fd, const std::string& path) {
  struct stat by_fd;
  struct stat by_path;
  return fstat(fd, &by_fd) == 0 && stat(path.c_str(), &by_path) == 0 && by_fd.st_ino == by_path.st_ino &&
         by_fd.st_dev == by_path.st_dev;
}

bool SomebodyAnswers(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;
  const bool answered = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 || errno == EAGAIN;
  close(fd);
  return answered;
}

// Makes room for the socket of the lock's holder.
absl::Status RemoveStale(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) return Unusable(path, "it is there and is no socket");
  // A server of another make would not hold our lock.
  if (SomebodyAnswers(path)) return InUse(path);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Unusable(path, strerror(errno));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SocketLock> SocketLock::Take(const std::string& socket_path) {
  const std::string lock_path = socket_path + ".lock";
  while (true) {
    const int fd = open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return Unusable(lock_path, strerror(errno));
    SocketLock lock(lock_path, fd);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      close(std::exchange(lock.fd_, -1));
      return InUse(socket_path);
    }
    if (!IsStillNamed(fd, lock_path)) {
      close(std::exchange(lock.fd_, -1));
      continue;
    }
    if (absl::Status status = RemoveStale(socket_path); !status.ok()) return status;
    return lock;
  }
}

SocketLock::SocketLock(SocketLock&& other) noexcept
    : lock_path_(std::move(other.lock_path_)), fd_(std::exchange(other.fd_, -1)) {}

SocketLock::~SocketLock() {
  if (fd_ < 0) return;
  unlink(lock_path_.c_str());
  close(fd_);
}

}  // namespace paracle::service

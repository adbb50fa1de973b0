#include "service/auth/watched_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace paracle::service::auth {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status CannotRead(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("cannot be read: ", why));
}

// The content itself may be a private key, of which there need not be more copies. An error is told from a content.
TokenHash Seen(const absl::StatusOr<std::string>& content) {
  return content.ok() ? HashOf(*content) : HashOf(absl::StrCat("unreadable ", content.status().message()));
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return CannotRead(strerror(errno));
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat status;
  if (fstat(file, &status) != 0) return CannotRead(strerror(errno));
  if (!S_ISREG(status.st_mode)) return CannotRead("it is no file");
  if ((status.st_mode & S_IWOTH) != 0) return CannotRead("everybody may write it; want chmod o-w");
  std::string text;
  char piece[16 << 10];
  while (true) {
    const ssize_t count = read(file, piece, sizeof(piece));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return CannotRead(strerror(errno));
    if (count == 0) return text;
    text.append(piece, static_cast<size_t>(count));
    if (text.size() > kMaxFileBytes) return CannotRead("it is longer than 1 MiB");
  }
}

absl::StatusOr<std::string> WatchedFile::Read() {
  absl::StatusOr<std::string> content = ReadSmallFile(path_);
  read_ = looked_ = Seen(content);
  return content;
}

bool WatchedFile::Changed() {
  const TokenHash now = Seen(ReadSmallFile(path_));
  const bool settled = now == looked_;
  looked_ = now;
  return settled && looked_ != read_;
}

}  // namespace paracle::service::auth

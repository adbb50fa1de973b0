#include "cachecore/encryption/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace paracle::cachecore::encryption {
namespace {

constexpr size_t kMaxFileSize = 256 << 10;

absl::Status CannotRead(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("cannot be read: ", why));
}

absl::Status CheckFile(const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return CannotRead("it is no file");
  if (file.st_size > static_cast<off_t>(kMaxFileSize)) return CannotRead("it is longer than 256 KiB");
  const bool group_may_read = file.st_uid == 0 && geteuid() != 0;
  const mode_t refused = group_may_read ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((file.st_mode & refused) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("may be read or written by others (its mode is %04o); want chmod 600", file.st_mode & 0777));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const KeyRing>> ReadKeyFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return CannotRead(strerror(errno));
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat status;
  if (fstat(file, &status) != 0) return CannotRead(strerror(errno));
  if (absl::Status checked = CheckFile(status); !checked.ok()) return checked;
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const absl::Cleanup wipe = [&text] { Wipe(absl::MakeSpan(text)); };
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = read(file, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return CannotRead(strerror(errno));
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  return KeyRing::Parse(absl::string_view(text).substr(0, size));
}

}  // namespace paracle::cachecore::encryption

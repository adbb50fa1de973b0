#include "cli/read_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

constexpr size_t kChunk = 1 << 16;

absl::Status Unreadable(absl::string_view flag, const std::string& path, int error) {
  const std::string what = absl::StrCat(flag, ": cannot read ", InputName(path), ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(what) : absl::FailedPreconditionError(what);
}

}  // namespace

std::string InputName(const std::string& path) { return path == "-" ? "standard input" : path; }

absl::StatusOr<std::string> ReadInput(absl::string_view flag, const std::string& path) {
  const bool from_stdin = path == "-";
  if (from_stdin && StdinIsTerminal())
    WriteMessage(absl::StrCat("reading ", flag, " from the terminal; end with Ctrl-D"));
  const int fd = from_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Unreadable(flag, path, errno);
  const auto close_file = absl::MakeCleanup([&] {
    if (!from_stdin) close(fd);
  });
  std::string content;
  while (true) {
    const size_t size = content.size();
    if (size > kMaxInputBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, ": ", InputName(path), " is over ", kMaxInputBytes >> 20, " MiB"));
    }
    content.resize(size + kChunk);
    const ssize_t got = read(fd, &content[size], kChunk);
    content.resize(size + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return content;
    if (got < 0 && errno != EINTR) return Unreadable(flag, path, errno);
  }
}

}  // namespace paracle::cli

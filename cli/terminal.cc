#include "cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/exit_code.h"

namespace paracle::cli {
namespace {

absl::string_view Escape(Color color) {
  switch (color) {
    case Color::kRed:
      return "\033[31m";
    case Color::kGreen:
      return "\033[32m";
    case Color::kYellow:
      return "\033[33m";
    case Color::kBold:
      return "\033[1m";
  }
  return "";
}

bool IsDumb(const char* term) { return term != nullptr && std::strcmp(term, "dumb") == 0; }

std::string Paint(bool is_terminal, Color color, absl::string_view text) {
  if (!MayColor(is_terminal, std::getenv("NO_COLOR"), std::getenv("TERM"))) return std::string(text);
  return absl::StrCat(Escape(color), text, "\033[0m");
}

}  // namespace

bool MayColor(bool is_terminal, const char* no_color, const char* term) {
  const bool refused = no_color != nullptr && *no_color != '\0';
  return is_terminal && !refused && !IsDumb(term);
}

bool StdinIsTerminal() { return isatty(STDIN_FILENO) == 1; }
bool StdoutIsTerminal() { return isatty(STDOUT_FILENO) == 1; }
bool StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }

bool StdoutCanRedraw() { return StdoutIsTerminal() && !IsDumb(std::getenv("TERM")); }
bool StderrCanRedraw() { return StderrIsTerminal() && !IsDumb(std::getenv("TERM")); }

void ReserveStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) != -1) continue;
    // Opened the wrong way round: the lowest free descriptor is this one, and using it still fails.
    if (open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) != stream) std::abort();
  }
}

std::string OnStdout(Color color, absl::string_view text) { return Paint(StdoutIsTerminal(), color, text); }
std::string OnStderr(Color color, absl::string_view text) { return Paint(StderrIsTerminal(), color, text); }

void WriteData(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      _exit(static_cast<int>(ExitCode::kOk));  // The reader has had enough.
    } else if (errno == EAGAIN) {
      pollfd writable = {.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, /*timeout=*/-1);
    } else if (errno != EINTR) {
      WriteError(absl::StrCat("cannot write to standard output: ", std::strerror(errno)));
      _exit(static_cast<int>(ExitCode::kUsage));
    }
  }
}

void WriteMessage(absl::string_view line) { std::cerr << line << '\n' << std::flush; }

void WriteError(absl::string_view message) {
  WriteMessage(absl::StrCat("paracle: ", OnStderr(Color::kRed, "error:"), " ", message));
}

bool Confirm(absl::string_view question) {
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) {
    WriteMessage("");
    return false;
  }
  absl::StripAsciiWhitespace(&answer);
  absl::AsciiStrToLower(&answer);
  return answer == "y" || answer == "yes";
}

}  // namespace paracle::cli

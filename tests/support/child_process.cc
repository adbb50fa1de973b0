#include "tests/support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

extern char** environ;

namespace paracle::support {
namespace {

std::vector<char*> CleanEnvironment() {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("PARACLE_")) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

std::string FindInPath(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = std::getenv("PATH");
  for (const auto folder : absl::StrSplit(path == nullptr ? "/usr/bin" : path, ':')) {
    std::string candidate = absl::StrCat(folder, "/", program);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

// In the child of a process that may have threads: nothing here allocates or locks.
[[noreturn]] void Become(const char* program, char* const* words, char* const* variables, const char* log,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int output = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execve(program, words, variables);
  ::_exit(127);
}

}  // namespace

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  Kill();
  pid_ = other.pid_;
  other.pid_ = 0;
  return *this;
}

ChildProcess ChildProcess::Start(const std::vector<std::string>& words, const std::string& log) {
  const std::string program = FindInPath(words[0]);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::vector<char*> variables = CleanEnvironment();
  ChildProcess child;
  const pid_t parent = ::getpid();
  child.pid_ = ::fork();
  if (child.pid_ == 0) Become(program.c_str(), arguments.data(), variables.data(), log.c_str(), parent);
  if (child.pid_ < 0) child.pid_ = 0;
  return child;
}

int ChildProcess::Run(const std::vector<std::string>& words, const std::string& log) {
  ChildProcess child = Start(words, log);
  if (child.pid_ > 0) child.Reap(0);
  return child.exit_code_;
}

bool ChildProcess::Installed(const std::string& program) { return !FindInPath(program).empty(); }

bool ChildProcess::Reap(int options) {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, options) != pid_) return false;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  pid_ = 0;
  return true;
}

bool ChildProcess::Running() { return pid_ > 0 && !Reap(WNOHANG); }

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

void ChildProcess::Freeze() const {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGSTOP);
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
}

void ChildProcess::Kill() {
  if (!Running()) return;
  Signal(SIGKILL);
  Reap(0);
}

int ChildProcess::Terminate(absl::Duration patience) {
  Signal(SIGTERM);
  const absl::Time give_up = absl::Now() + patience;
  while (Running() && absl::Now() < give_up) absl::SleepFor(absl::Milliseconds(5));
  Kill();
  return exit_code_;
}

}  // namespace paracle::support

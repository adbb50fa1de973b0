// ChildProcess is a program that a test runs beside itself: it ends with its owner, and is only ever ended by its pid.
//
// Not thread-safe. The kernel kills the child when the thread that started it ends, so start it from one that stays.
#ifndef PARACLE_TESTS_SUPPORT_CHILD_PROCESS_H_
#define PARACLE_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace paracle::support {

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { Kill(); }
  ChildProcess(ChildProcess&& other) noexcept : pid_(other.pid_) { other.pid_ = 0; }
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  // Runs words[0], found in PATH, with stdout and stderr appended to the file `log`. Variables of the environment that
  // start with PARACLE_ are kept from it. A program that cannot be run ends at once, with 127.
  static ChildProcess Start(const std::vector<std::string>& words, const std::string& log);

  // Start, and wait for its end: the exit code, or -1 when a signal ended it.
  static int Run(const std::vector<std::string>& words, const std::string& log);

  // Whether a program of this name is in PATH.
  static bool Installed(const std::string& program);

  pid_t pid() const { return pid_; }  // 0: none runs.
  bool Running();
  void Signal(int signal) const;
  // SIGSTOP, and waits until every thread has stopped: until then it goes on answering.
  void Freeze() const;
  // SIGKILL, and waits until it is gone.
  void Kill();
  // SIGTERM, and SIGKILL when it is still there after `patience`. The exit code; -1: a signal ended it.
  int Terminate(absl::Duration patience);

 private:
  bool Reap(int options);

  pid_t pid_ = 0;
  int exit_code_ = -1;
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_CHILD_PROCESS_H_

// The no-op server as a process of its own, which a test may freeze and kill.
#ifndef PARACLE_TESTS_LOAD_NOOP_PROCESS_H_
#define PARACLE_TESTS_LOAD_NOOP_PROCESS_H_

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

extern char** environ;

namespace paracle::load {

class NoopProcess {
 public:
  // Listens on `address`; endpoint() is empty when it could not.
  explicit NoopProcess(std::string address = "127.0.0.1:0") {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    std::string program = NOOP_SERVER;
    char* arguments[] = {program.data(), address.data(), nullptr};
    posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    FILE* output = fdopen(pipe_ends[0], "r");
    char endpoint[100];
    if (std::fscanf(output, "listening on %99s", endpoint) == 1) endpoint_ = endpoint;
    std::fclose(output);
  }
  ~NoopProcess() { Kill(); }
  NoopProcess(const NoopProcess&) = delete;
  NoopProcess& operator=(const NoopProcess&) = delete;

  // Until every thread has stopped, it goes on answering.
  void Freeze() {
    kill(pid_, SIGSTOP);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
  }
  void Kill() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  const std::string& endpoint() const { return endpoint_; }

 private:
  pid_t pid_ = 0;
  std::string endpoint_;
};

}  // namespace paracle::load

#endif  // PARACLE_TESTS_LOAD_NOOP_PROCESS_H_

#include "tests/redis/spawned_redis.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "tests/support/free_port.h"

namespace paracle::cachecore::redis {
namespace {

std::string NewDirectory() {
  std::string name = "/tmp/paracle-redis-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  return name;
}

std::string Ask(const std::string& path, std::string_view question) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  char answer[64] = {};
  ssize_t size = 0;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    ::send(fd, question.data(), question.size(), MSG_NOSIGNAL);
    size = ::recv(fd, answer, sizeof answer, 0);
  }
  ::close(fd);
  return size > 0 ? std::string(answer, static_cast<size_t>(size)) : "";
}

}  // namespace

bool SpawnedRedis::Installed() {
  return std::system("command -v redis-server >/dev/null") == 0;  // NOLINT(cert-env33-c)
}

SpawnedRedis::SpawnedRedis(std::vector<std::string> arguments) : directory_(NewDirectory()), port_(support::FreePort()) {
  arguments_ = {"redis-server", "--bind",   "127.0.0.1",    "--port", std::to_string(port_),    "--save", "",
                "--dir",        directory_, "--unixsocket", socket(), "--enable-debug-command", "yes"};
  for (std::string& argument : arguments) arguments_.push_back(std::move(argument));
  Start();
}

SpawnedRedis::~SpawnedRedis() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void SpawnedRedis::Start() {
  std::vector<char*> argv;
  for (std::string& argument : arguments_) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const std::string log = directory_ + "/log";
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  for (int i = 0; i < 1000; ++i) {
    if (Answers()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  throw std::runtime_error("redis-server does not answer; see " + log);
}

bool SpawnedRedis::Answers() const {
  const std::string answer = Ask(socket(), "PING\r\n");
  return !answer.empty() && answer.rfind("-LOADING", 0) != 0;
}

void SpawnedRedis::Kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

// Until every thread has stopped, it goes on answering.
void SpawnedRedis::Freeze() {
  ::kill(pid_, SIGSTOP);
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
}

void SpawnedRedis::Thaw() { ::kill(pid_, SIGCONT); }

}  // namespace paracle::cachecore::redis

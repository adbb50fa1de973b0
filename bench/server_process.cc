#include "bench/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

extern char** environ;

namespace paracle::load {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(20);
constexpr absl::Duration kEndTimeout = absl::Seconds(5);
constexpr absl::Duration kPoll = absl::Milliseconds(20);

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A port that nobody listens on now. 0: there is none.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) return 0;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin_port);
}

bool Listens(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  const sockaddr_in address = Loopback(port);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

std::vector<char*> CleanEnvironment() {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("PARACLE_")) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

// In a process group of its own: Ctrl-C is for the generator, which still has to clear its namespace.
absl::StatusOr<pid_t> Spawn(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  std::vector<char*> environment = CleanEnvironment();
  const int error = posix_spawn(&pid, words[0].c_str(), nullptr, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return absl::UnavailableError(absl::StrCat("cannot run ", words[0], ": ", std::strerror(error)));
  return pid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& program,
                                                                    const std::vector<std::string>& flags) {
  const int port = FreePort();
  const std::string endpoint = absl::StrCat("127.0.0.1:", port);
  std::vector<std::string> words = {program, "--listen", endpoint};
  words.insert(words.end(), flags.begin(), flags.end());
  const absl::StatusOr<pid_t> pid = Spawn(std::move(words));
  if (!pid.ok()) return pid.status();
  std::unique_ptr<ServerProcess> server(new ServerProcess(*pid, endpoint));
  const absl::Time give_up = absl::Now() + kStartTimeout;
  while (!Listens(port)) {
    if (server->Ended()) return absl::UnavailableError(absl::StrCat(program, " ended at its start"));
    if (absl::Now() > give_up) return absl::UnavailableError(absl::StrCat(program, " does not listen on ", endpoint));
    absl::SleepFor(kPoll);
  }
  return server;
}

bool ServerProcess::Ended() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
  return pid_ == 0;
}

ServerProcess::~ServerProcess() {
  if (Ended()) return;
  kill(pid_, SIGTERM);
  const absl::Time give_up = absl::Now() + kEndTimeout;
  while (!Ended() && absl::Now() < give_up) absl::SleepFor(kPoll);
  if (Ended()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace paracle::load

// The program itself: what it prints, and the exit codes that scripts rely on.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "paracle/cache/v1/cache.grpc.pb.h"

namespace paracle::service {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A running paracle-cache-server; killed with the object.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) {
    // Unless a test asks for metrics: other servers of this machine may serve theirs at the usual place.
    arguments.insert(arguments.begin(), {PARACLE_SERVER_BINARY, "--admin-listen=off"});
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(pipe_fds[1], STDERR_FILENO);
      dup2(pipe_fds[1], STDOUT_FILENO);
      close(pipe_fds[0]);
      std::vector<char*> argv;
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      execv(PARACLE_SERVER_BINARY, argv.data());
      _exit(127);
    }
    close(pipe_fds[1]);
    fd_ = pipe_fds[0];
  }

  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(fd_);
  }

  void Signal(int number) { kill(pid_, number); }

  // Everything printed up to and with `text`; up to the end when it never comes.
  const std::string& ReadUntil(const std::string& text) {
    char buffer[4096];
    while (output_.find(text) == std::string::npos) {
      const ssize_t size = read(fd_, buffer, sizeof(buffer));
      if (size <= 0) break;
      output_.append(buffer, static_cast<size_t>(size));
    }
    return output_;
  }

  std::string Output() { return ReadUntil("\n\n\n"); }

  // The address of the listening line.
  std::string Address() {
    ReadUntil("listening address=");
    const size_t start = output_.find("listening address=");
    if (start == std::string::npos) return "";
    while (output_.find('\n', start) == std::string::npos) {
      char c;
      if (read(fd_, &c, 1) != 1) break;
      output_.push_back(c);
    }
    const size_t value = start + std::string("listening address=").size();
    return output_.substr(value, output_.find('\n', start) - value);
  }

  // The exit code; 1000 + the signal that ended it.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  std::string output_;
};

grpc::Status SetOnce(cache::v1::CacheService::Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  cache::v1::SetRequest request;
  request.mutable_entry()->set_digest(std::string(32, 'd'));
  cache::v1::SetResponse response;
  return stub.Set(&context, request, &response);
}

TEST(ProcessTest, BadConfigurationIsOneLineAndExitCode2) {
  Process process({"--max-size", "many"});
  EXPECT_EQ(process.Output(),
            "paracle-cache-server: PARACLE_CACHE_MAX_SIZE: \"many\" (flag) is not accepted; want a whole number from 0 "
            "(no limit by number)\n");
  EXPECT_EQ(process.Wait(), 2);
}

TEST(ProcessTest, SecondServerOnAPortIsOneLineAndExitCode1) {
  Process first({"--listen", "127.0.0.1:0"});
  const std::string address = first.Address();
  Process second({"--listen", address});
  EXPECT_EQ(second.Output(), "paracle-cache-server: cannot listen on " + address + ": Address already in use\n");
  EXPECT_EQ(second.Wait(), 1);
}

TEST(ProcessTest, PrintConfigShowsSourcesAndExits) {
  Process process({"--print-config", "--max-size=5"});
  const std::string output = process.Output();
  EXPECT_THAT(output, HasSubstr("PARACLE_CACHE_MAX_SIZE=5  # flag\n"));
  EXPECT_THAT(output, HasSubstr("PARACLE_CACHE_MAX_BYTES=256MiB  # default\n"));
  EXPECT_EQ(process.Wait(), 0);
}

TEST(ProcessTest, TermUnderTrafficEndsWithExitCode0) {
  Process process({"--listen", "127.0.0.1:0"});
  const auto stub =
      cache::v1::CacheService::NewStub(grpc::CreateChannel(process.Address(), grpc::InsecureChannelCredentials()));
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      while (!stop) answered += SetOnce(*stub).ok() ? 1 : 0;
    });
  }
  while (answered < 100) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  process.Signal(SIGTERM);
  const int exit_code = process.Wait();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(exit_code, 0) << process.Output();
  // Callers that poll nothing between their calls do not cost the 10 s of drain_timeout.
  EXPECT_LT(took.count(), 5.0);
}

TEST(ProcessTest, SecondSignalEndsAtOnce) {
  Process process({"--listen", "127.0.0.1:0", "--drain-delay", "1h"});
  const auto stub =
      cache::v1::CacheService::NewStub(grpc::CreateChannel(process.Address(), grpc::InsecureChannelCredentials()));
  process.Signal(SIGINT);
  process.ReadUntil("draining");
  // Still serving: the delay is for load balancers to notice.
  EXPECT_TRUE(SetOnce(*stub).ok());
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 128 + SIGTERM);
}

TEST(ProcessTest, JsonLogIsOneObjectALine) {
  Process process({"--listen", "127.0.0.1:0", "--log-format", "json"});
  const std::string output = process.ReadUntil("\"listening\"");
  EXPECT_THAT(output, StartsWith("{\"time\":\""));
  EXPECT_THAT(output, HasSubstr("\"level\":\"info\",\"message\":\"listening\""));
}

}  // namespace
}  // namespace paracle::service

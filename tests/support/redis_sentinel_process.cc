#include "tests/support/redis_sentinel_process.h"

#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/free_port.h"

namespace paracle::support {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(20);
constexpr absl::Duration kPoll = absl::Milliseconds(5);

std::string NewDirectory() {
  std::string name = "/tmp/paracle-sentinel-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for a Sentinel");
  return name;
}

// It replaces this file by what it comes to know.
void WriteConfig(const std::string& directory, int port, const SentinelOptions& options) {
  std::ofstream file(directory + "/sentinel.conf");
  file << "bind 127.0.0.1\nunixsocket " << directory << "/sentinel.sock\ndir " << directory << "\n";
  if (options.tls == nullptr) {
    file << "port " << port << "\n";
  } else {
    const RedisTls& tls = *options.tls;
    file << "port 0\ntls-port " << port << "\ntls-replication yes\ntls-ca-cert-file " << tls.ca << "\ntls-cert-file "
         << tls.server.certificate << "\ntls-key-file " << tls.server.key << "\ntls-auth-clients "
         << (tls.wants_client_certificate ? "yes" : "no") << "\n";
  }
  if (!options.password.empty()) file << "requirepass " << options.password << "\n";
  for (const std::string& line : options.config) file << line << "\n";
}

}  // namespace

SentinelProcess::SentinelProcess(const SentinelOptions& options)
    : program_(options.kind == ServerKind::kRedis ? "redis-server" : "valkey-server"),
      directory_(NewDirectory()),
      port_(FreePort()),
      password_(options.password),
      debug_(options.debug) {
  WriteConfig(directory_, port_, options);
  Start();
}

SentinelProcess::~SentinelProcess() {
  process_.Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void SentinelProcess::Start() {
  process_ = ChildProcess::Start({program_, directory_ + "/sentinel.conf", "--sentinel"}, directory_ + "/log");
  const absl::Time give_up = absl::Now() + kStartTimeout;
  while (Command({"PING"}).text != "PONG") {
    if (!process_.Running()) throw std::runtime_error(absl::StrCat("Sentinel ended: ", Log()));
    if (absl::Now() > give_up) throw std::runtime_error(absl::StrCat("Sentinel does not answer: ", Log()));
    absl::SleepFor(kPoll);
  }
  std::vector<std::string> words = {"SENTINEL", "DEBUG"};
  words.insert(words.end(), debug_.begin(), debug_.end());
  if (!debug_.empty()) Command(words);
  runs_ = true;
}

void SentinelProcess::Kill() {
  process_.Kill();
  runs_ = false;
}

void SentinelProcess::Stop() {
  process_.Freeze();
  runs_ = false;
}

void SentinelProcess::Continue() {
  process_.Signal(SIGCONT);
  runs_ = true;
}

void SentinelProcess::Restart() {
  process_.Kill();
  Start();
}

RedisReply SentinelProcess::Command(const std::vector<std::string>& words) const {
  BlockingRedis redis = BlockingRedis::Unix(directory_ + "/sentinel.sock");
  if (!password_.empty()) redis.Command({"AUTH", password_});
  return redis.Command(words);
}

std::string SentinelProcess::Log() const {
  std::ostringstream text;
  text << std::ifstream(directory_ + "/log").rdbuf();
  return text.str();
}

}  // namespace paracle::support

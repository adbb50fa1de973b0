#include "tests/support/redis_process.h"

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

std::string Program(ServerKind kind) { return kind == ServerKind::kRedis ? "redis-server" : "valkey-server"; }

std::string NewDirectory() {
  std::string name = "/tmp/paracle-redis-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for a redis-server");
  return name;
}

void Append(std::vector<std::string>* words, std::vector<std::string> more) {
  for (std::string& word : more) words->push_back(std::move(word));
}

void AppendTls(std::vector<std::string>* words, const RedisTls& tls, int port) {
  Append(words, {"--port", "0", "--tls-port", absl::StrCat(port), "--tls-ca-cert-file", tls.ca, "--tls-cert-file",
                 tls.server.certificate, "--tls-key-file", tls.server.key, "--tls-auth-clients",
                 tls.wants_client_certificate ? "yes" : "no"});
}

std::string WriteAcl(const RedisOptions& options, const std::string& directory) {
  std::string path = directory + "/users.acl";
  std::ofstream file(path);
  file << "user default on " << (options.password.empty() ? "nopass" : ">" + options.password) << " ~* &* +@all\n";
  for (const RedisUser& user : options.users) file << "user " << user.name << " " << user.rules << "\n";
  return path;
}

std::string Field(const RedisReply& entry, std::string_view name) {
  for (size_t i = 0; i + 1 < entry.elements.size(); i += 2) {
    if (entry.elements[i].text == name) return entry.elements[i + 1].ToString();
  }
  return "";
}

}  // namespace

bool RedisProcess::Available(ServerKind kind) { return ChildProcess::Installed(Program(kind)); }

RedisProcess::RedisProcess(const RedisOptions& options)
    : directory_(NewDirectory()), port_(options.port > 0 ? options.port : FreePort()), password_(options.password) {
  words_ = {Program(options.kind), "--bind", "127.0.0.1"};
  if (options.tls != nullptr) {
    AppendTls(&words_, *options.tls, port_);
  } else {
    Append(&words_, {"--port", absl::StrCat(port_)});
  }
  Append(&words_, {"--dir", directory_, "--unixsocket", UnixPath(), "--databases", absl::StrCat(options.databases),
                   "--save", "", "--appendonly", "no", "--enable-debug-command", "yes", "--daemonize", "no"});
  if (!options.users.empty()) {
    Append(&words_, {"--aclfile", WriteAcl(options, directory_)});
  } else if (!options.password.empty()) {
    Append(&words_, {"--requirepass", options.password});
  }
  Append(&words_, options.arguments);
  Start();
}

RedisProcess::~RedisProcess() {
  process_.Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string RedisProcess::Url(std::string_view scheme) const {
  if (scheme == "unix") return absl::StrCat("unix://", UnixPath());
  // By name over TLS, since that is what certificates are checked against.
  return absl::StrCat(std::string(scheme), "://", scheme == "rediss" ? "localhost" : "127.0.0.1", ":", port_, "/0");
}

void RedisProcess::Start() {
  process_ = ChildProcess::Start(words_, directory_ + "/log");
  const absl::Time give_up = absl::Now() + kStartTimeout;
  while (!Answers()) {
    if (!process_.Running()) throw std::runtime_error(absl::StrCat(words_[0], " ended: ", Log()));
    if (absl::Now() > give_up) throw std::runtime_error(absl::StrCat(words_[0], " does not answer: ", Log()));
    absl::SleepFor(kPoll);
  }
}

BlockingRedis RedisProcess::Connect() const {
  BlockingRedis redis = BlockingRedis::Unix(UnixPath());
  if (!password_.empty()) redis.Command({"AUTH", password_});
  return redis;
}

bool RedisProcess::Answers() const { return Connect().Command({"PING"}).text == "PONG"; }

std::string RedisProcess::Log() const {
  std::ostringstream text;
  text << std::ifstream(directory_ + "/log").rdbuf();
  return text.str();
}

void RedisProcess::Stop() const { process_.Freeze(); }
void RedisProcess::Continue() const { process_.Signal(SIGCONT); }

void RedisProcess::Restart(Data data) {
  process_.Kill();
  if (data == Data::kEmpty) std::filesystem::remove(directory_ + "/dump.rdb");
  Start();
}

void RedisProcess::Save() {
  const RedisReply reply = Command({"SAVE"});
  if (reply.text != "OK") throw std::runtime_error(absl::StrCat("SAVE: ", reply.ToString()));
}

RedisReply RedisProcess::Command(const std::vector<std::string>& words) { return Connect().Command(words); }

int64_t RedisProcess::CountKeys(const std::string& pattern) {
  return static_cast<int64_t>(Command({"KEYS", pattern}).elements.size());
}

std::vector<std::string> RedisProcess::AclLog() {
  std::vector<std::string> lines;
  for (const RedisReply& entry : Command({"ACL", "LOG"}).elements) {
    lines.push_back(absl::StrCat(Field(entry, "username"), ": ", Field(entry, "reason"), " ", Field(entry, "object")));
  }
  return lines;
}

}  // namespace paracle::support

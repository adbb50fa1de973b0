#include "tests/support/redis_sentinel.h"

#include <signal.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace paracle::support {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kCreateTimeout = absl::Seconds(30);

std::vector<std::string> ServerArguments(const RedisSentinelOptions& options) {
  // A replica is up to date at once.
  std::vector<std::string> words = {"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"};
  const auto add = [&](const std::vector<std::string>& more) { words.insert(words.end(), more.begin(), more.end()); };
  if (!options.password.empty()) add({"--masterauth", options.password});
  if (options.tls != nullptr) add({"--tls-replication", "yes"});
  return words;
}

std::vector<std::string> WatchConfig(const RedisSentinelOptions& options, int primary_port) {
  const std::string& name = options.master_name;
  std::vector<std::string> lines = {
      absl::StrCat("sentinel monitor ", name, " 127.0.0.1 ", primary_port, " ", options.quorum),
      absl::StrCat("sentinel down-after-milliseconds ", name, " ", options.down_after / absl::Milliseconds(1)),
      absl::StrCat("sentinel failover-timeout ", name, " ", options.failover_timeout / absl::Milliseconds(1)),
      absl::StrCat("sentinel parallel-syncs ", name, " ", options.replicas)};
  if (!options.password.empty()) lines.push_back(absl::StrCat("sentinel auth-pass ", name, " ", options.password));
  return lines;
}

using Fields = std::map<std::string, std::string>;

Fields FieldsOf(const RedisReply& description) {
  Fields fields;
  for (size_t i = 0; i + 1 < description.elements.size(); i += 2) {
    fields[description.elements[i].text] = description.elements[i + 1].text;
  }
  return fields;
}

}  // namespace

RedisSentinel::RedisSentinel(const RedisSentinelOptions& options) : options_(options) {
  ::signal(SIGPIPE, SIG_IGN);  // Sentinels have a new replica end its connections, and hiredis writes as if none could.
  StartServers();
  StartSentinels();
  if (!AwaitWell(kCreateTimeout)) throw std::runtime_error("the Sentinels do not come to watch the new servers");
}

void RedisSentinel::StartServers() {
  for (int i = 0; i <= options_.replicas; ++i) {
    servers_.push_back(std::make_unique<RedisProcess>(RedisOptions{.kind = options_.kind,
                                                                   .password = options_.password,
                                                                   .tls = options_.tls,
                                                                   .arguments = ServerArguments(options_)}));
    runs_.push_back(true);
    if (i > 0) Command(i, {"REPLICAOF", "127.0.0.1", absl::StrCat(servers_[0]->Port())});
  }
}

void RedisSentinel::StartSentinels() {
  const std::string publish = absl::StrCat(options_.publish_period / absl::Milliseconds(1));
  // By default they PING once a second: after every switch, a short down_after would end before the first answer.
  const std::string ping = absl::StrCat(std::min(options_.down_after / 5, absl::Seconds(1)) / absl::Milliseconds(1));
  for (int i = 0; i < options_.sentinels; ++i) {
    sentinels_.push_back(std::make_unique<SentinelProcess>(
        SentinelOptions{.kind = options_.kind,
                        .password = options_.sentinel_password,
                        .tls = options_.tls,
                        .config = WatchConfig(options_, servers_[0]->Port()),
                        .debug = {"PUBLISH-PERIOD", publish, "INFO-PERIOD", publish, "PING-PERIOD", ping}}));
  }
}

RedisSentinel::~RedisSentinel() = default;

std::string RedisSentinel::Url(std::string_view scheme) const {
  // By name over TLS, since that is what certificates are checked against.
  const std::string host = scheme.substr(0, 6) == "rediss" ? "localhost:" : "127.0.0.1:";
  std::string url = absl::StrCat(std::string(scheme), "://");
  for (size_t i = 0; i < sentinels_.size(); ++i) absl::StrAppend(&url, i == 0 ? "" : ",", host, sentinels_[i]->Port());
  return absl::StrCat(url, "/", options_.master_name, "/0");
}

void RedisSentinel::Kill(int number) {
  servers_[number]->Kill();
  runs_[number] = false;
}

void RedisSentinel::Stop(int number) {
  servers_[number]->Stop();
  runs_[number] = false;
}

void RedisSentinel::Continue(int number) {
  servers_[number]->Continue();
  runs_[number] = true;
}

void RedisSentinel::Restart(int number) {
  servers_[number]->Restart();
  runs_[number] = true;
}

int RedisSentinel::ServerOfPort(const std::string& port) const {
  for (int i = 0; i < servers(); ++i) {
    if (absl::StrCat(servers_[i]->Port()) == port) return i;
  }
  return -1;
}

int RedisSentinel::Primary() {
  std::map<int, int> votes;
  for (const auto& sentinel : sentinels_) {
    if (!sentinel->runs()) continue;
    const RedisReply address = sentinel->Command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.master_name});
    if (address.elements.size() == 2) ++votes[ServerOfPort(address.elements[1].text)];
  }
  for (const auto& [server, count] : votes) {
    if (2 * count > sentinels()) return server;
  }
  return -1;
}

bool RedisSentinel::CallsItselfPrimary(int number) {
  if (!runs_[number]) return false;
  const RedisReply role = Command(number, {"ROLE"});
  return !role.elements.empty() && role.elements[0].text == "master";
}

int RedisSentinel::AwaitPrimaryOtherThan(int old, absl::Duration patience) {
  for (const absl::Time give_up = absl::Now() + patience; absl::Now() < give_up; absl::SleepFor(kPoll)) {
    for (int i = 0; i < servers(); ++i) {
      if (i != old && CallsItselfPrimary(i)) return i;
    }
  }
  return -1;
}

bool RedisSentinel::AwaitNamed(int number, absl::Duration patience) {
  for (const absl::Time give_up = absl::Now() + patience; Primary() != number; absl::SleepFor(kPoll)) {
    if (absl::Now() > give_up) return false;
  }
  return true;
}

bool RedisSentinel::Follows(int replica, int primary) {
  const RedisReply role = Command(replica, {"ROLE"});
  return role.elements.size() > 3 && role.elements[0].text == "slave" &&
         role.elements[2].integer == servers_[primary]->Port() && role.elements[3].text == "connected";
}

bool RedisSentinel::IsWell() {
  const int primary = Primary();
  if (primary < 0 || !CallsItselfPrimary(primary)) return false;
  for (int i = 0; i < servers(); ++i) {
    if (!runs_[i] || (i != primary && !Follows(i, primary))) return false;
  }
  for (const auto& sentinel : sentinels_) {
    if (!sentinel->runs() || !SeesWell(*sentinel, primary)) return false;
  }
  return true;
}

// A replica that Sentinels do not see well would not be promoted.
bool RedisSentinel::SeesWell(const SentinelProcess& sentinel, int primary) const {
  Fields seen = FieldsOf(sentinel.Command({"SENTINEL", "MASTER", options_.master_name}));
  if (seen["port"] != absl::StrCat(servers_[primary]->Port()) || seen["flags"] != "master") return false;
  if (seen["num-other-sentinels"] != absl::StrCat(sentinels() - 1)) return false;
  const RedisReply replicas = sentinel.Command({"SENTINEL", "REPLICAS", options_.master_name});
  for (const RedisReply& replica : replicas.elements) {
    Fields of = FieldsOf(replica);
    if (of["flags"] != "slave" || of["master-link-status"] != "ok") return false;
  }
  return replicas.elements.size() + 1 == servers_.size();
}

bool RedisSentinel::AwaitWell(absl::Duration patience) {
  for (const absl::Time give_up = absl::Now() + patience; !IsWell(); absl::SleepFor(kPoll)) {
    if (absl::Now() > give_up) return false;
  }
  return true;
}

}  // namespace paracle::support

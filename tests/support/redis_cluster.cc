#include "tests/support/redis_cluster.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <stdexcept>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace paracle::support {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kCreateTimeout = absl::Seconds(30);
constexpr int kMoveTimeoutMillis = 5'000;
constexpr char kKeysAtOnce[] = "100";

// The bus has the port + 10,000. Both stay below the ports that the kernel gives to whoever asks for any, so that a
// node finds its own free when it comes back.
constexpr int kFirstPort = 11'000;
constexpr int kPorts = 10'000;
constexpr int kBusOffset = 10'000;

bool IsFree(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return bound;
}

int FreeClusterPort() {
  static std::mt19937 random{std::random_device()()};
  for (int tries = 0; tries < kPorts; ++tries) {
    const int port = kFirstPort + static_cast<int>(random() % kPorts);
    if (IsFree(port) && IsFree(port + kBusOffset)) return port;
  }
  throw std::runtime_error("no two ports for a node of a cluster");
}

std::vector<std::string> NodeArguments(const RedisClusterOptions& options) {
  const std::string node_timeout = absl::StrCat(options.node_timeout / absl::Milliseconds(1));
  // A replica stays with its primary, so that tests know whose it is, and is up to date at once when it comes back.
  std::vector<std::string> words = {
      "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", node_timeout,
      "--cluster-require-full-coverage", options.full_coverage ? "yes" : "no",
      "--cluster-allow-replica-migration", "no",
      "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"};
  const auto add = [&](const std::vector<std::string>& more) { words.insert(words.end(), more.begin(), more.end()); };
  if (!options.password.empty()) add({"--masterauth", options.password});
  if (options.tls != nullptr) add({"--tls-cluster", "yes", "--tls-replication", "yes"});
  add(options.arguments);
  return words;
}

}  // namespace

RedisCluster::RedisCluster(const RedisClusterOptions& options) : password_(options.password) {
  for (int i = 0; i < 2 * options.primaries; ++i) {
    nodes_.push_back(NewNode(options));
    runs_.push_back(true);
    ids_.push_back(Must(i, {"CLUSTER", "MYID"}).text);
  }
  AddSlots();
  Meet();
  Replicate();
  if (!AwaitWell(kCreateTimeout)) throw std::runtime_error("the new cluster does not get well");
}

RedisCluster::~RedisCluster() = default;

// Between looking for the ports and listening on them somebody else may have taken them.
std::unique_ptr<RedisProcess> RedisCluster::NewNode(const RedisClusterOptions& options) const {
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    const RedisOptions node = {.kind = options.kind,
                               .port = FreeClusterPort(),
                               .password = options.password,
                               .tls = options.tls,
                               .arguments = NodeArguments(options)};
    try {
      return std::make_unique<RedisProcess>(node);
    } catch (const std::runtime_error& error) {
      if (i == kTries || !absl::StrContains(error.what(), "bind")) throw;
    }
  }
}

void RedisCluster::AddSlots() {
  const int primaries = size() / 2;
  for (int i = 0; i < primaries; ++i) {
    const int first = kSlots * i / primaries;
    const int last = kSlots * (i + 1) / primaries - 1;
    Must(i, {"CLUSTER", "ADDSLOTSRANGE", absl::StrCat(first), absl::StrCat(last)});
  }
}

// Everybody meets everybody: gossip would do, but takes its time.
void RedisCluster::Meet() {
  for (int i = 0; i < size(); ++i) Must(i, {"CLUSTER", "SET-CONFIG-EPOCH", absl::StrCat(i + 1)});
  for (int i = 0; i < size(); ++i) {
    for (int j = 0; j < i; ++j) Must(i, {"CLUSTER", "MEET", "127.0.0.1", absl::StrCat(node(j).Port())});
  }
  if (!Await(&RedisCluster::AllKnown, kCreateTimeout)) throw std::runtime_error("nodes do not meet");
}

bool RedisCluster::AllKnown() {
  for (int i = 0; i < size(); ++i) {
    const auto view = View(i);
    const auto known = std::count_if(view.begin(), view.end(), [](const auto& node) { return node.well; });
    if (known != size() || view.size() != nodes_.size()) return false;
  }
  return true;
}

void RedisCluster::Replicate() {
  const int primaries = size() / 2;
  for (int i = 0; i < primaries; ++i) Must(primaries + i, {"CLUSTER", "REPLICATE", ids_[i]});
}

RedisReply RedisCluster::Must(int number, const std::vector<std::string>& words) {
  RedisReply reply = Command(number, words);
  if (reply.error() || reply.broken()) {
    throw std::runtime_error(absl::StrCat("node ", number, ": ", words[0], " ", words[1], ": ", reply.ToString()));
  }
  return reply;
}

std::string RedisCluster::Url(std::string_view scheme) const {
  // By name over TLS, since that is what certificates are checked against.
  const std::string host = scheme == "rediss" ? "localhost:" : "127.0.0.1:";
  std::string url = absl::StrCat(std::string(scheme), "://");
  for (int i = 0; i < size(); ++i) absl::StrAppend(&url, i == 0 ? "" : ",", host, node(i).Port());
  return url;
}

void RedisCluster::Kill(int number) {
  nodes_[number]->Kill();
  runs_[number] = false;
}

void RedisCluster::Stop(int number) {
  nodes_[number]->Stop();
  runs_[number] = false;
}

void RedisCluster::Continue(int number) {
  nodes_[number]->Continue();
  runs_[number] = true;
}

void RedisCluster::Restart(int number, RedisProcess::Data data) {
  nodes_[number]->Restart(data);
  runs_[number] = true;
}

std::vector<ClusterNodeView> RedisCluster::View(int number) {
  return ParseClusterNodes(Command(number, {"CLUSTER", "NODES"}).text);
}

ClusterNodeView RedisCluster::Myself(int number) {
  for (ClusterNodeView& node : View(number)) {
    if (node.myself) return std::move(node);
  }
  return {};
}

std::vector<ClusterNodeView> RedisCluster::Selves() {
  std::vector<ClusterNodeView> selves(nodes_.size());
  for (int i = 0; i < size(); ++i) {
    if (runs_[i]) selves[i] = Myself(i);
  }
  return selves;
}

std::vector<int> RedisCluster::Owners() {
  std::vector<int> owners(kSlots, -1);
  std::vector<int64_t> epochs(kSlots, -1);
  const auto selves = Selves();
  for (int i = 0; i < size(); ++i) {
    if (!selves[i].primary) continue;
    for (const auto& [first, last] : selves[i].slots) {
      for (int slot = first; slot <= last; ++slot) {
        if (selves[i].epoch <= epochs[slot]) continue;
        owners[slot] = i;
        epochs[slot] = selves[i].epoch;
      }
    }
  }
  return owners;
}

std::vector<int> RedisCluster::Primaries() {
  const std::vector<int> owners = Owners();
  std::set<int> primaries(owners.begin(), owners.end());
  primaries.erase(-1);
  return {primaries.begin(), primaries.end()};
}

int RedisCluster::ReplicaOf(int primary) {
  const auto selves = Selves();
  for (int i = 0; i < size(); ++i) {
    if (!selves[i].primary && selves[i].follows == ids_[primary]) return i;
  }
  return -1;
}

int RedisCluster::SlotOf(const std::string& key) {
  const auto running = std::find(runs_.begin(), runs_.end(), true) - runs_.begin();
  return static_cast<int>(Must(static_cast<int>(running), {"CLUSTER", "KEYSLOT", key}).integer);
}

// A replica in the middle of its first synchronisation would not be elected.
bool RedisCluster::Synced(int number) {
  const RedisReply role = Command(number, {"ROLE"});
  if (role.elements.empty()) return false;
  if (role.elements[0].text == "master") return role.elements.size() > 2 && role.elements[2].elements.size() == 1;
  return role.elements.size() > 3 && role.elements[3].text == "connected";
}

bool RedisCluster::IsWell() {
  std::string agreed;
  for (int i = 0; i < size(); ++i) {
    if (!runs_[i]) return false;
    if (!absl::StrContains(Command(i, {"CLUSTER", "INFO"}).text, "cluster_state:ok")) return false;
    const auto view = View(i);
    const std::string description = Agreement(view);
    if (view.size() != nodes_.size() || description.empty()) return false;
    if (i > 0 && description != agreed) return false;
    agreed = description;
    if (!Synced(i)) return false;
  }
  return true;
}

bool RedisCluster::Await(bool (RedisCluster::*condition)(), absl::Duration patience) {
  for (const absl::Time give_up = absl::Now() + patience; !(this->*condition)(); absl::SleepFor(kPoll)) {
    if (absl::Now() > give_up) return false;
  }
  return true;
}

bool RedisCluster::AwaitWell(absl::Duration patience) { return Await(&RedisCluster::IsWell, patience); }

int RedisCluster::AwaitPrimaryOtherThan(int old, int slot, absl::Duration patience) {
  for (const absl::Time give_up = absl::Now() + patience; absl::Now() < give_up; absl::SleepFor(kPoll)) {
    const int primary = PrimaryOf(slot);
    if (primary < 0 || primary == old) continue;
    if (absl::StrContains(Command(primary, {"CLUSTER", "INFO"}).text, "cluster_state:ok")) return primary;
  }
  return -1;
}

void RedisCluster::MoveSlot(int slot, int from, int to) {
  BeginMove(slot, from, to);
  MoveKeys(slot, from, to);
  EndMove(slot, from, to);
}

int RedisCluster::BeginMove(int slot, int to) {
  const int from = PrimaryOf(slot);
  BeginMove(slot, from, to);
  return from;
}

void RedisCluster::BeginMove(int slot, int from, int to) {
  if (from < 0 || from == to) throw std::runtime_error(absl::StrCat("slot ", slot, " cannot be moved to node ", to));
  Must(to, {"CLUSTER", "SETSLOT", absl::StrCat(slot), "IMPORTING", ids_[from]});
  Must(from, {"CLUSTER", "SETSLOT", absl::StrCat(slot), "MIGRATING", ids_[to]});
}

void RedisCluster::MoveKeys(int slot, int from, int to) {
  const std::vector<std::string> next = {"CLUSTER", "GETKEYSINSLOT", absl::StrCat(slot), kKeysAtOnce};
  for (RedisReply keys = Must(from, next); !keys.elements.empty(); keys = Must(from, next)) {
    std::vector<std::string> words = {"MIGRATE", "127.0.0.1", absl::StrCat(node(to).Port()), "", "0",
                                      absl::StrCat(kMoveTimeoutMillis)};
    if (!password_.empty()) words.insert(words.end(), {"AUTH", password_});
    words.push_back("KEYS");
    for (const RedisReply& key : keys.elements) words.push_back(key.text);
    Must(from, words);
  }
}

// The new node first: it must have the slot before the old one sends anybody there. The others hear of it from the two.
void RedisCluster::EndMove(int slot, int from, int to) {
  for (const int node : {to, from}) Must(node, {"CLUSTER", "SETSLOT", absl::StrCat(slot), "NODE", ids_[to]});
}

}  // namespace paracle::support

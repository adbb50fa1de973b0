#include "cachecore/redis/cluster_client.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"

namespace paracle::cachecore::redis {
namespace {

using Kind = PendingCommand::Kind;

constexpr uint8_t kMostHops = 5;
constexpr absl::Duration kBetweenMaps = absl::Milliseconds(200);
constexpr absl::Duration kWhileSomeoneIsDown = absl::Milliseconds(250);
constexpr absl::Duration kNowAndThen = absl::Seconds(30);
constexpr absl::Duration kMapTimeout = absl::Milliseconds(500);

bool SaysThatTheMapIsOld(const Reply& reply) {
  return reply.is_error() && (absl::StartsWith(reply.text, "CLUSTERDOWN") || absl::StartsWith(reply.text, "READONLY"));
}

// Another one that goes on where this one is: the place of this one in its connection's queue is over.
std::unique_ptr<PendingCommand> Again(PendingCommand& command) {
  auto again = std::make_unique<PendingCommand>(command.kind, std::move(command.command), command.deadline,
                                                std::move(command.done), std::move(command.slot));
  again->hops = static_cast<uint8_t>(command.hops + 1);
  again->keep = true;
  return again;
}

}  // namespace

ClusterClient::ClusterClient(ClientOptions options, ClientObserver observer)
    : ThreadedClient(std::move(options), std::move(observer)), home_slot_(SlotOf(this->options().home_key)) {
  Connect(this->options().deployment.servers);
  Run();
  RunAfter(kNowAndThen, [this] { AskNowAndThen(); });
}

void ClusterClient::Route(std::unique_ptr<PendingCommand>& command) {
  const absl::string_view wire = command->command.wire();
  if (const auto position = ScanPositionOf(wire)) return RouteScan(command, *position);
  const std::optional<absl::string_view> key = KeyOf(wire);
  SubmitTo(key ? owners_[SlotOf(*key)] : home(), command);
}

void ClusterClient::SubmitTo(Node* node, std::unique_ptr<PendingCommand>& command) {
  command->keep = true;
  if (node != nullptr) node->Submit(command);
  if (command != nullptr) WantMap();
}

void ClusterClient::RouteScan(std::unique_ptr<PendingCommand>& command, const ScanPosition& position) {
  if (position.primary >= primaries_.size()) return;
  auto done = [position, primaries = primaries_.size(),
               done = std::move(command->done)](absl::StatusOr<Reply> reply) mutable {
    if (reply.ok()) reply = ScanOfAll(*std::move(reply), position, primaries);
    std::move(done)(std::move(reply));
  };
  Command one = ScanOfOne(command->command.wire(), position);
  OnSubmitted(one.wire().size());
  OnWritten(command->command.wire().size());
  command->command = std::move(one);
  command->done = std::move(done);
  SubmitTo(primaries_[position.primary], command);
}

void ClusterClient::RouteLeftOvers() {
  for (LeftOver& one : std::exchange(left_overs_, {})) {
    if (closing()) {
      Refuse(*one.command, absl::CancelledError("the client is being closed"));
      continue;
    }
    if (one.ask) {
      auto asking = Own(one.command->kind, Command{"ASKING"}, absl::Seconds(1), [](const absl::StatusOr<Reply>&) {});
      one.to->SubmitBoth(asking, one.command);
      if (asking != nullptr) OnWritten(asking->command.wire().size());
    } else {
      one.to->Submit(one.command);
    }
    if (one.command != nullptr) Refuse(*one.command, absl::UnavailableError("the server that redis named is away"));
  }
}

void ClusterClient::OnReply(Node& node, PendingCommand& command, absl::StatusOr<Reply> reply) {
  if (reply.ok() && reply->is_error() && command.kind != Kind::kProbe) {
    const std::optional<Redirect> redirect = ParseRedirect(*reply);
    if (redirect && Follow(node, command, *redirect)) return;
    if (redirect || SaysThatTheMapIsOld(*reply)) WantMap();
  }
  ThreadedClient::OnReply(node, command, std::move(reply));
}

// Sent behind the replies that are being read: the connection may be that of this one.
bool ClusterClient::Follow(Node& node, PendingCommand& command, const Redirect& redirect) {
  if (command.hops >= kMostHops || command.command.wire().empty() || closing()) return false;
  Node& to = NodeAt({.host = redirect.host.empty() ? node.url().host : redirect.host, .port = redirect.port});
  if (!redirect.ask) {
    if (redirect.slot == home_slot_) {
      SetHome(&to);
    } else {
      owners_[redirect.slot] = &to;
    }
    WantMap();
  }
  std::unique_ptr<PendingCommand> again = Again(command);
  OnSubmitted(again->command.wire().size());
  left_overs_.push_back({.to = &to, .ask = redirect.ask, .command = std::move(again)});
  return true;
}

void ClusterClient::OnControlReady(Node& node) {
  if (&node == home()) TellControl(true);
  if (primaries_.empty()) WantMap();
}

void ClusterClient::OnControlLost(Node& node) {
  if (&node == home()) TellControl(false);
  WantMap();
}

void ClusterClient::OnAvailability(Node& node, const absl::Status& why) {
  TellAvailability(AnyOwnerAvailable(), why);
  if (!node.available()) WantMap();
}

void ClusterClient::WantMap() {
  if (wanted_ || asking_ || closing()) return;
  wanted_ = true;
  const absl::Duration since = absl::FromChrono(SteadyNow() - asked_);
  AddTask(std::max(absl::ZeroDuration(), kBetweenMaps - since), [this] { AskForMap(); });
}

void ClusterClient::AskForMap() {
  wanted_ = false;
  asked_ = SteadyNow();
  std::vector<Node*> ready;
  for (const auto& node : nodes()) {
    if (node->control_ready()) ready.push_back(node.get());
  }
  if (ready.empty()) {
    Connect(known_);
    Connect(options().deployment.servers);
    return;  // Whoever is ready first is asked.
  }
  Node& node = *ready[turn_++ % ready.size()];
  asking_ = true;
  // Posted: nodes come and go by it, and this is in the midst of a connection's replies.
  auto done = [this, host = node.url().host](absl::StatusOr<Reply> reply) {
    auto ranges = reply.ok() ? ParseSlots(*reply, host) : reply.status();
    AddTask(absl::ZeroDuration(), [this, ranges = std::move(ranges)]() mutable { OnMap(std::move(ranges)); });
  };
  auto question = Own(Kind::kControl, Command{"CLUSTER", "SLOTS"}, kMapTimeout, std::move(done));
  node.Submit(question);
  if (question != nullptr) Refuse(*question, absl::UnavailableError("redis is not available"));
  node.Flush();
}

void ClusterClient::OnMap(absl::StatusOr<std::vector<SlotRange>> ranges) {
  asking_ = false;
  if (!ranges.ok() || ranges->empty()) return WantMap();
  Apply(*ranges);
  // Somebody takes the place of whoever is down, and who that is, one of the others will say.
  if (!AllOwnersAvailable()) AddTask(kWhileSomeoneIsDown, [this] { WantMap(); });
}

void ClusterClient::Apply(const std::vector<SlotRange>& ranges) {
  for (const SlotRange& range : ranges) {
    Node* const owner = &NodeAt(range.primary);
    for (int slot = range.first; slot <= range.last; ++slot) {
      if (slot != home_slot_) owners_[slot] = owner;
    }
    if (range.first <= home_slot_ && home_slot_ <= range.last) SetHome(owner);
  }
  std::set<Node*> owning(owners_.begin(), owners_.end());
  owning.erase(nullptr);
  primaries_.clear();
  for (const auto& [address, node] : by_address_) {
    if (owning.count(node) > 0) primaries_.push_back(node);
  }
  PublishAddresses(ranges);
  RetireIdle();
  TellAvailability(AnyOwnerAvailable(), absl::OkStatus());  // Why not, each of them has told, or will.
}

// Who owns nothing: replicas, what the operator named before the map was known, and those that have gone.
void ClusterClient::RetireIdle() {
  for (auto it = by_address_.begin(); it != by_address_.end();) {
    Node* const node = it->second;
    const bool owns = std::find(primaries_.begin(), primaries_.end(), node) != primaries_.end();
    const bool expected = std::any_of(left_overs_.begin(), left_overs_.end(),
                                      [node](const LeftOver& one) { return one.to == node; });
    if (owns || expected) {
      ++it;
      continue;
    }
    it = by_address_.erase(it);
    Retire(*node);
  }
}

void ClusterClient::PublishAddresses(const std::vector<SlotRange>& ranges) {
  std::set<HostAndPort> addresses;
  for (const SlotRange& range : ranges) {
    addresses.insert(range.primary);
    addresses.insert(range.replicas.begin(), range.replicas.end());
  }
  known_.clear();
  for (const HostAndPort& address : addresses) known_.push_back(UrlOf(address));
  if (options().addresses != nullptr) options().addresses->Publish(known_);
}

void ClusterClient::Connect(const std::vector<Url>& servers) {
  for (const Url& url : servers) NodeAt({.host = url.host, .port = url.port});
}

void ClusterClient::AskNowAndThen() {
  WantMap();
  AddTask(kNowAndThen, [this] { AskNowAndThen(); });
}

Node& ClusterClient::NodeAt(const HostAndPort& address) {
  Node*& node = by_address_[address];
  if (node == nullptr) {
    node = &AddNode(UrlOf(address));
    node->Start();
  }
  return *node;
}

Url ClusterClient::UrlOf(const HostAndPort& address) const {
  Url url = options().url();
  url.host = address.host;
  url.port = address.port;
  return url;
}

// Another server is another order of answers: whoever follows it begins anew.
void ClusterClient::SetHome(Node* node) {
  if (home() == node) return;
  TellControl(false);
  owners_[home_slot_] = node;
  if (node->control_ready()) TellControl(true);
}

bool ClusterClient::AnyOwnerAvailable() const {
  return std::any_of(primaries_.begin(), primaries_.end(), [](const Node* node) { return node->available(); });
}

bool ClusterClient::AllOwnersAvailable() const {
  return std::all_of(primaries_.begin(), primaries_.end(), [](const Node* node) { return node->available(); });
}

}  // namespace paracle::cachecore::redis

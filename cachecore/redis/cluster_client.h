// ClusterClient sends each command to the primary that has its slot.
//
//   Route     key -> slot -> owner. A primary that is down costs its own slots: their commands fail at once
//   redirects MOVED corrects one slot and asks for the map; ASK sends ASKING and the command on one connection; at most
//             five, within the command's time
//   the map   CLUSTER SLOTS from any node that answers: at the start, after MOVED, losses and CLUSTERDOWN, every 30 s;
//             one question at a time, five a second at most
//
// The control lane, to the outside, is that of the primary that has `home_key`. All of it on the client's thread.
#ifndef PARACLE_CACHECORE_REDIS_CLUSTER_CLIENT_H_
#define PARACLE_CACHECORE_REDIS_CLUSTER_CLIENT_H_

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "cachecore/redis/cluster_scan.h"
#include "cachecore/redis/redirect.h"
#include "cachecore/redis/slot.h"
#include "cachecore/redis/slot_map.h"
#include "cachecore/redis/threaded_client.h"

namespace paracle::cachecore::redis {

class ClusterClient final : public ThreadedClient {
 public:
  ClusterClient(ClientOptions options, ClientObserver observer);
  ~ClusterClient() override { Close(); }

 private:
  struct LeftOver {
    Node* to = nullptr;
    bool ask = false;
    std::unique_ptr<PendingCommand> command;
  };

  void Route(std::unique_ptr<PendingCommand>& command) override;
  void RouteLeftOvers() override;
  void RouteScan(std::unique_ptr<PendingCommand>& command, const ScanPosition& position);
  void SubmitTo(Node* node, std::unique_ptr<PendingCommand>& command);

  void OnControlReady(Node& node) override;
  void OnControlLost(Node& node) override;
  void OnAvailability(Node& node, const absl::Status& why) override;
  void OnReply(Node& node, PendingCommand& command, absl::StatusOr<Reply> reply) override;
  bool Follow(Node& node, PendingCommand& command, const Redirect& redirect);

  // The map.
  void WantMap();
  void AskForMap();
  void OnMap(absl::StatusOr<std::vector<SlotRange>> ranges);
  void Apply(const std::vector<SlotRange>& ranges);
  void RetireIdle();
  void PublishAddresses(const std::vector<SlotRange>& ranges);
  void Connect(const std::vector<Url>& servers);
  void AskNowAndThen();

  Node& NodeAt(const HostAndPort& address);
  Url UrlOf(const HostAndPort& address) const;
  Node* home() const { return owners_[home_slot_]; }
  void SetHome(Node* node);
  bool AnyOwnerAvailable() const;
  bool AllOwnersAvailable() const;

  const int home_slot_;
  std::array<Node*, kSlots> owners_{};
  std::vector<Node*> primaries_;  // Those that own something, in the order of their addresses.
  std::map<HostAndPort, Node*> by_address_;
  std::vector<Url> known_;  // All that were in the last map: whom to ask when no primary answers.
  std::vector<LeftOver> left_overs_;

  bool wanted_ = false;
  bool asking_ = false;
  unsigned turn_ = 0;  // Whom to ask next.
  SteadyTime asked_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_CLUSTER_CLIENT_H_

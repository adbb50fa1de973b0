// SentinelClient is the client of whichever server the Sentinels call the master. When they name another one, or when
// the one it has says that it is none, everything under way there fails, and the next command goes to the new one.
#ifndef PARACLE_CACHECORE_REDIS_SENTINEL_CLIENT_H_
#define PARACLE_CACHECORE_REDIS_SENTINEL_CLIENT_H_

#include <memory>

#include "cachecore/redis/sentinel_watch.h"
#include "cachecore/redis/threaded_client.h"

namespace paracle::cachecore::redis {

class SentinelClient final : public ThreadedClient {
 public:
  SentinelClient(ClientOptions options, ClientObserver observer);
  ~SentinelClient() override;

 private:
  void Route(std::unique_ptr<PendingCommand>& command) override;

  void OnControlReady(Node& node) override;
  void OnControlLost(Node& node) override;
  void OnAvailability(Node& node, const absl::Status& why) override;
  void OnReply(Node& node, PendingCommand& command, absl::StatusOr<Reply> reply) override;

  void Switch(const HostAndPort& master);
  void LeaveReplica(Node& node);

  Node* master_ = nullptr;
  SentinelWatch watch_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SENTINEL_CLIENT_H_

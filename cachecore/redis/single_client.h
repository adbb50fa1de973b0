// SingleClient is the client of one server.
#ifndef PARACLE_CACHECORE_REDIS_SINGLE_CLIENT_H_
#define PARACLE_CACHECORE_REDIS_SINGLE_CLIENT_H_

#include <memory>
#include <utility>

#include "cachecore/redis/threaded_client.h"

namespace paracle::cachecore::redis {

class SingleClient final : public ThreadedClient {
 public:
  SingleClient(ClientOptions options, ClientObserver observer)
      : ThreadedClient(std::move(options), std::move(observer)), node_(AddNode(this->options().url())) {
    node_.Start();
    Run();
  }
  ~SingleClient() override { Close(); }

 private:
  void Route(std::unique_ptr<PendingCommand>& command) override { node_.Submit(command); }
  Node* Lone() override { return &node_; }

  void OnControlReady(Node&) override { TellControl(true); }
  void OnControlLost(Node&) override { TellControl(false); }
  void OnAvailability(Node& node, const absl::Status& why) override { TellAvailability(node.available(), why); }

  Node& node_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SINGLE_CLIENT_H_

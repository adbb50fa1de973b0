#include "cachecore/redis/client.h"

#include <utility>

#include "cachecore/redis/cluster_client.h"
#include "cachecore/redis/sentinel_client.h"
#include "cachecore/redis/single_client.h"

namespace paracle::cachecore::redis {

std::unique_ptr<Client> Client::Create(ClientOptions options, ClientObserver observer) {
  switch (options.deployment.kind) {
    case Deployment::Kind::kCluster:
      return std::make_unique<ClusterClient>(std::move(options), std::move(observer));
    case Deployment::Kind::kSentinel:
      return std::make_unique<SentinelClient>(std::move(options), std::move(observer));
    case Deployment::Kind::kServer:
      break;
  }
  return std::make_unique<SingleClient>(std::move(options), std::move(observer));
}

}  // namespace paracle::cachecore::redis

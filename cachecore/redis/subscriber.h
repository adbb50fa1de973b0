// Subscriber listens to a few channels on a connection of its own.
//
// Pub/sub is at most once: messages may be lost whenever the connection is. on_subscribed tells each time it stands
// anew: whoever cares looks up what was missed. A connection that is silent is PINGed every second and given up when it
// does not answer. Callbacks run on the subscriber's own thread or on the client's; never two at a time.
#ifndef PARACLE_CACHECORE_REDIS_SUBSCRIBER_H_
#define PARACLE_CACHECORE_REDIS_SUBSCRIBER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "cachecore/redis/client.h"

namespace paracle::cachecore::redis {

struct SubscriberCallbacks {
  absl::AnyInvocable<void()> on_subscribed = [] {};  // To all of them.
  absl::AnyInvocable<void(absl::string_view channel, absl::string_view message)> on_message =
      [](absl::string_view, absl::string_view) {};
};

class Subscriber {
 public:
  // REQUIRES: there is a channel.
  static std::unique_ptr<Subscriber> Create(ClientOptions options, std::vector<std::string> channels,
                                            SubscriberCallbacks callbacks);
  virtual ~Subscriber() = default;  // No callback runs after it.
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SUBSCRIBER_H_

// Server is a running Paracle Cache: it listens, answers, and ends in good order.
//
//   Start -> serving (health SERVING) -> Drain -> gone
//
// Drain: health says NOT_SERVING, for drain_delay everything goes on; then connections are told to go away, no call
// is accepted, calls that are being answered have drain_timeout to finish, and what is left is cancelled. Peers that do
// not close their connection themselves are disconnected when no call has been in flight for a second (drain.h).
//
// A call in flight is answered, or sees UNAVAILABLE when it outlasts drain_timeout. One that arrives during the drain
// on a connection of before sees UNAVAILABLE, or CANCELLED if it was sent before the peer had read the GOAWAY: gRPC
// itself refuses those, and may not have begun any of them, so both are safe to try again. One that arrives in the very
// moment in which the calls that gRPC waits for are taken back, and before it knows that it shuts down, 1.51 forgets: it
// sees its own deadline, or the end of the drain.
#ifndef PARACLE_SERVICE_SERVER_H_
#define PARACLE_SERVICE_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "service/config.h"
#include "service/limits/turn_counter.h"
#include "service/served.h"
#include "service/settings.h"

namespace paracle::service {

class Server {
 public:
  // `served` outlives the server. UNAVAILABLE: an address cannot be listened on. INVALID_ARGUMENT: the audit log
  // cannot be opened.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config, absl::Span<const Setting> settings,
                                                       const Served& served);

  // Drains without delay, if Drain was not called.
  ~Server();

  // What was bound, in the order of Config::listen, as "127.0.0.1:43210".
  const std::vector<std::string>& addresses() const;

  // Of the threads that accept, and that serve the data plane. REQUIRES: Drain has not been called; what is returned
  // stays good.
  std::vector<std::shared_ptr<const TurnCounter>> Turns() const;

  // Blocks until the last call has ended. Call it once.
  void Drain();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  void Shutdown();

  std::unique_ptr<Parts> parts_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SERVER_H_

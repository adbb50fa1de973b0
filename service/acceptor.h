// Acceptor accepts the connections of a server, in gRPC's place: gRPC 1.51 accepts nobody any more once it has found no
// file descriptor for one (CVE-2023-4785). This one leaves connections waiting, where the system keeps them for it,
// while the process has few descriptors left, and goes on when it has more; ConnectionGuard sees to that.
#ifndef PARACLE_SERVICE_ACCEPTOR_H_
#define PARACLE_SERVICE_ACCEPTOR_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "service/limits/turn_counter.h"
#include "service/listen_address.h"

namespace paracle::service {

class Acceptor {
 public:
  // Takes over `fd`, a connection that does not block and was accepted on `listener`. Called on the acceptor's thread.
  using OnAccept = std::function<void(int listener, int fd)>;

  // Accepts while the process has no more than `most_files` files open.
  static std::unique_ptr<Acceptor> Make(uint64_t most_files);

  // Nothing listens any more; connections that were not accepted are reset. Unix sockets are removed.
  virtual ~Acceptor() = default;

  // Connections wait from now on. Returns the port that was bound, 0 for a unix socket. UNAVAILABLE: the address cannot
  // be listened on; the message names it and says why. REQUIRES: Start has not been called.
  virtual absl::StatusOr<int> Listen(const ListenAddress& address, OnAccept on_accept) = 0;

  // Accepts from now on, on a thread of its own. Call it once.
  virtual void Start() = 0;

  // Of that thread; what may hold it up is OnAccept.
  virtual std::shared_ptr<const TurnCounter> turns() const = 0;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_ACCEPTOR_H_

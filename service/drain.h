// How a gRPC server ends: calls are waited for, peers are not.
#ifndef PARACLE_SERVICE_DRAIN_H_
#define PARACLE_SERVICE_DRAIN_H_

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "grpcpp/server.h"

namespace paracle::service {

// For how long no call may be in flight before connections are cut. By then gRPC has handed over what it had read, the
// last answers have left, and peers that look at their connection have closed it.
inline constexpr absl::Duration kDrainQuiet = absl::Seconds(1);

// Shuts `server` down and blocks until it is. grpc::Server::Shutdown alone waits for every peer to answer a ping, and
// for streams that never end of themselves (health Watch, half a request): a peer that does not poll costs the whole
// timeout. So once `busy` has been false for kDrainQuiet, what is left of connections is closed; and after `timeout`,
// calls or not. `busy` is asked from another thread, until this returns.
void ShutDown(grpc::Server* server, absl::Duration timeout, absl::FunctionRef<bool()> busy);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_DRAIN_H_

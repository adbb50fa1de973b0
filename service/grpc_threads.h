// gRPC 1.51 has threads of its own beside those that serve the data plane, and no way to look at them but to give them
// something to do.
#ifndef PARACLE_SERVICE_GRPC_THREADS_H_
#define PARACLE_SERVICE_GRPC_THREADS_H_

#include <functional>

namespace paracle::service {

// Has `answer` called on one of the threads of gRPC's executor, which goes on with the work of connections that several
// threads are at. Not for several threads at a time.
void AskExecutor(std::function<void()> answer);

// Has `answer` called on one of the threads that serve the callback API: Follow, leases, invalidations, health.
void AskCallbackThreads(std::function<void()> answer);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_GRPC_THREADS_H_

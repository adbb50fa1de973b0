// DataPlane serves Get, Set, BatchGet and BatchSet from completion queues, with raw requests and responses.
// docs/adr/0005-completion-queues.md says why.
#ifndef PARACLE_SERVICE_DATA_PLANE_H_
#define PARACLE_SERVICE_DATA_PLANE_H_

#include <memory>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "service/admission.h"
#include "service/cache_handlers.h"
#include "service/call_queue.h"
#include "service/handler_context.h"
#include "service/method.h"

namespace paracle::service {

class DataPlane {
 public:
  // Adds `threads` queues to the builder. REQUIRES: `service` and what `context` points to outlive the data plane.
  DataPlane(int threads, int max_in_flight, int max_waiters, CacheHandlers* service, const HandlerContext& context,
            grpc::ServerBuilder* builder);

  // Waits until every queue has ended. REQUIRES: not started, or ExpectShutdown called and the server shut down.
  ~DataPlane();

  // REQUIRES: the builder has built the server.
  void Start();

  // Call it before the server is shut down.
  void ExpectShutdown();

  // Whether a call is in flight or may still come. False for good once the server shuts down and the last call is over.
  // Thread-safe.
  bool Busy() const;

  // Of each queue's thread.
  std::vector<std::shared_ptr<const TurnCounter>> Turns() const;

 private:
  Admission admission_;
  std::vector<std::unique_ptr<MethodHandler>> handlers_;
  std::vector<RawMethod> methods_;
  std::vector<std::unique_ptr<CallQueue>> queues_;  // Last: its threads use the rest.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_DATA_PLANE_H_

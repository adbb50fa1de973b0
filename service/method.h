// What the data plane must know of one RPC: how to ask gRPC for a call of it, and who answers.
#ifndef PARACLE_SERVICE_METHOD_H_
#define PARACLE_SERVICE_METHOD_H_

#include "absl/functional/any_invocable.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/async_unary_call.h"
#include "service/metrics/call_meter.h"
#include "service/operation.h"
#include "service/pending_call.h"
#include "service/request_scratch.h"

namespace paracle::service {

// Answers the calls of one RPC. Thread-safe: called by the threads of all queues.
class MethodHandler {
 public:
  virtual ~MethodHandler() = default;

  // Answers `call` now or later. The loaded request and `scratch` are valid until Handle returns.
  virtual void Handle(RequestScratch& scratch, PendingCall& call) = 0;
};

struct RawMethod {
  // The generated Request method: when a call has come, `tag` comes out of `queue`.
  absl::AnyInvocable<void(grpc::ServerContext* context, grpc::ByteBuffer* request,
                          grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer, grpc::ServerCompletionQueue* queue,
                          void* tag) const>
      request;
  MethodHandler* handler = nullptr;
  Operation operation = Operation::kGet;
  Rpc rpc = Rpc::kGet;
  CallMeter* meter = nullptr;  // Null: calls are not counted.
  // Callers that go away are noticed at once, at the price of another event for each call.
  bool watches_callers = false;
  int max_parked = 0;  // Calls that may wait at one time beside those in flight.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METHOD_H_

// CacheHandlers is the CacheService as gRPC sees it: its data plane to be served from completion queues (data_plane.h),
// the rest answered here through the callback API. All of it raw. Thread-safe.
#ifndef PARACLE_SERVICE_CACHE_HANDLERS_H_
#define PARACLE_SERVICE_CACHE_HANDLERS_H_

#include "paracle/cache/v1/cache.grpc.pb.h"
#include "service/handler_context.h"
#include "service/open_calls.h"
#include "service/worker_thread.h"

namespace paracle::service {

using v1CacheService = cache::v1::CacheService;
using RawDataPlane = v1CacheService::WithRawMethod_Get<v1CacheService::WithRawMethod_Set<
    v1CacheService::WithRawMethod_BatchGet<v1CacheService::WithRawMethod_BatchSet<v1CacheService::Service>>>>;
using CacheServiceShape = v1CacheService::WithRawCallbackMethod_Invalidate<v1CacheService::WithRawCallbackMethod_Clear<
    v1CacheService::WithRawCallbackMethod_RenewLease<v1CacheService::WithRawCallbackMethod_ReleaseLease<
        v1CacheService::WithRawCallbackMethod_Record<v1CacheService::WithRawCallbackMethod_Follow<RawDataPlane>>>>>>;

class CacheHandlers final : public CacheServiceShape {
 public:
  // All outlive the handlers. Invalidations run on `worker`: on a large cache they take seconds.
  CacheHandlers(const HandlerContext& context, WorkerThread* worker, OpenCalls* open_calls)
      : context_(context), worker_(worker), open_calls_(open_calls) {}

  grpc::ServerUnaryReactor* Invalidate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Clear(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* RenewLease(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ReleaseLease(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerReadReactor<grpc::ByteBuffer>* Record(grpc::CallbackServerContext* context,
                                                    grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Follow(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request) override;

 private:
  template <typename Call>
  void Forget(grpc::CallbackServerContext* context, Operation operation,
              absl::StatusOr<cachecore::InvalidationTarget> target, bool dry_run, Call* call);
  const Access& access() const { return *context_.access; }

  const HandlerContext context_;
  WorkerThread* const worker_;
  OpenCalls* const open_calls_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_CACHE_HANDLERS_H_

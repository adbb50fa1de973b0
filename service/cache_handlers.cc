#include "service/cache_handlers.h"

#include <utility>

#include "absl/time/clock.h"
#include "service/status_mapping.h"
#include "service/typed_call.h"
#include "service/validation.h"

namespace paracle::service {
namespace {

// Waiting for the worker may have taken longer than the caller does.
absl::Status StillWanted(const grpc::CallbackServerContext& context) {
  if (absl::FromChrono(context.deadline()) <= absl::Now()) return DeadlinePassed();
  if (context.IsCancelled()) return absl::CancelledError("the caller cancelled");
  return absl::OkStatus();
}

absl::StatusOr<cachecore::InvalidationTarget> WholeNamespace(const cache::v1::ClearRequest& request) {
  const auto ns = ResolveNamespace(request.namespace_(), "namespace");
  if (!ns.ok()) return ns.status();
  cachecore::InvalidationTarget everything;
  everything.ns = std::string(*ns);
  return everything;
}

}  // namespace

template <typename Call>
void CacheHandlers::Forget(grpc::CallbackServerContext* context, absl::StatusOr<cachecore::InvalidationTarget> target,
                           bool dry_run, Call* call) {
  if (!target.ok()) return call->Answer(target.status());
  auto done = [call](absl::StatusOr<cachecore::InvalidateOutcome> outcome) {
    if (!outcome.ok()) return call->Answer(outcome.status());
    call->response.set_removed_count(outcome->removed);
    call->response.set_estimated(outcome->estimated);
    call->Answer(absl::OkStatus());
  };
  const bool posted = worker_->Post([this, context, call, dry_run, target = *std::move(target), done]() mutable {
    if (absl::Status status = StillWanted(*context); !status.ok()) return call->Answer(status);
    cache_->Invalidate(target, dry_run, std::move(done));
  });
  if (!posted) call->Answer(Overloaded());
}

grpc::ServerUnaryReactor* CacheHandlers::Invalidate(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::InvalidateRequest, cache::v1::InvalidateResponse>(response, open_calls_);
  if (absl::Status status = call->Parse(*request); !status.ok()) {
    call->Answer(status);
  } else {
    Forget(context, ResolveTarget(call->request), call->request.dry_run(), call);
  }
  return call;
}

grpc::ServerUnaryReactor* CacheHandlers::Clear(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::ClearRequest, cache::v1::ClearResponse>(response, open_calls_);
  if (absl::Status status = call->Parse(*request); !status.ok()) {
    call->Answer(status);
  } else {
    Forget(context, WholeNamespace(call->request), false, call);
  }
  return call;
}

grpc::ServerUnaryReactor* CacheHandlers::RenewLease(grpc::CallbackServerContext*, const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::RenewLeaseRequest, cache::v1::RenewLeaseResponse>(response, open_calls_);
  const absl::Status status = call->Parse(*request);
  call->Answer(status.ok() ? NoLeases() : status);
  return call;
}

grpc::ServerUnaryReactor* CacheHandlers::ReleaseLease(grpc::CallbackServerContext*, const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::ReleaseLeaseRequest, cache::v1::ReleaseLeaseResponse>(response, open_calls_);
  const absl::Status status = call->Parse(*request);
  call->Answer(status.ok() ? NoLeases() : status);
  return call;
}

}  // namespace paracle::service

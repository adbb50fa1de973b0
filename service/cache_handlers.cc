#include "service/cache_handlers.h"

#include <utility>

#include "absl/time/clock.h"
#include "cachecore/error.h"
#include "service/follow_call.h"
#include "service/record_call.h"
#include "service/status_mapping.h"
#include "service/timestamps.h"
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

// For the audit, which is not told which one.
absl::string_view KindName(cachecore::InvalidationTarget::Kind kind) {
  using Kind = cachecore::InvalidationTarget::Kind;
  switch (kind) {
    case Kind::kDigest:
      return "digest";
    case Kind::kTag:
      return "tag";
    case Kind::kModel:
      return "model";
    case Kind::kNamespace:
      break;
  }
  return "everything";
}

absl::StatusOr<cachecore::InvalidationTarget> WholeNamespace(const cache::v1::ClearRequest& request) {
  const auto ns = ResolveNamespace(request.namespace_(), "namespace");
  if (!ns.ok()) return ns.status();
  cachecore::InvalidationTarget everything;
  everything.ns = std::string(*ns);
  return everything;
}

// A lease as a request names it. Views point into the request.
struct HeldLease {
  ResolvedEntry entry;
  cachecore::FillToken token;
};

template <typename Request>
absl::StatusOr<HeldLease> ResolveHeld(const Request& request) {
  const absl::StatusOr<ResolvedEntry> entry = ResolveEntry(request.entry(), {}, "entry");
  if (!entry.ok()) return entry.status();
  const auto token = ResolveLeaseToken(request.fill_token(), "fill_token");
  if (!token.ok()) return token.status();
  return HeldLease{*entry, *token};
}

// The same of a call that has just come; admitted.
template <typename Call>
absl::StatusOr<HeldLease> OpenHeld(const HandlerContext& handlers, const grpc::CallbackServerContext& context,
                                   Operation operation, const grpc::ByteBuffer& request, Call* call) {
  const Access& access = *handlers.access;
  absl::Status status = call->Open(access, context, operation, request);
  if (!status.ok()) return status;
  absl::StatusOr<HeldLease> lease = ResolveHeld(call->request);
  if (lease.ok()) status = access.Admit(call->identified, operation, lease->entry.id.ns);
  if (lease.ok() && status.ok()) {
    status = EnterNamespace(handlers.namespace_limits, lease->entry.id.ns, request.Length(), &call->pass);
  }
  return status.ok() ? lease : status;
}

}  // namespace

template <typename Call>
void CacheHandlers::Forget(grpc::CallbackServerContext* context, Operation operation,
                           absl::StatusOr<cachecore::InvalidationTarget> target, bool dry_run, Call* call) {
  if (!target.ok()) return call->Answer(target.status());
  const absl::Status admitted = access().Admit(call->identified, operation, target->ns);
  if (!admitted.ok()) return call->Answer(admitted);
  call->audited = Audited{.operation = operation, .ns = target->ns, .target = KindName(target->kind)};
  const absl::Status entered = EnterNamespace(context_.namespace_limits, target->ns, 0, &call->pass);
  if (!entered.ok()) return call->Answer(entered);
  auto done = [call](absl::StatusOr<cachecore::InvalidateOutcome> outcome) {
    if (!outcome.ok()) return call->Answer(outcome.status());
    call->response.set_removed_count(outcome->removed);
    call->audited->count = outcome->removed;
    call->response.set_estimated(outcome->estimated);
    call->Answer(absl::OkStatus());
  };
  const bool posted = worker_->Post([this, context, call, dry_run, target = *std::move(target), done]() mutable {
    if (absl::Status status = StillWanted(*context); !status.ok()) return call->Answer(status);
    context_.cache->Invalidate(target, dry_run, std::move(done));
  });
  if (!posted) call->Answer(Overloaded());
}

grpc::ServerUnaryReactor* CacheHandlers::Invalidate(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::InvalidateRequest, cache::v1::InvalidateResponse>(response, open_calls_);
  if (absl::Status status = call->Open(access(), *context, Operation::kInvalidate, *request); !status.ok()) {
    call->Answer(status);
  } else {
    Forget(context, Operation::kInvalidate, ResolveTarget(call->request), call->request.dry_run(), call);
  }
  return call;
}

grpc::ServerUnaryReactor* CacheHandlers::Clear(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::ClearRequest, cache::v1::ClearResponse>(response, open_calls_);
  if (absl::Status status = call->Open(access(), *context, Operation::kClear, *request); !status.ok()) {
    call->Answer(status);
  } else {
    Forget(context, Operation::kClear, WholeNamespace(call->request), false, call);
  }
  return call;
}

grpc::ServerUnaryReactor* CacheHandlers::RenewLease(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::RenewLeaseRequest, cache::v1::RenewLeaseResponse>(response, open_calls_);
  const auto lease = OpenHeld(context_, *context, Operation::kRenewLease, *request, call);
  const auto hold = ResolveHold(call->request.has_hold() ? &call->request.hold() : nullptr, context_.limits, "hold");
  if (const absl::Status status = !lease.ok() ? lease.status() : hold.status(); !status.ok()) {
    call->Answer(status);
  } else if (context_.leases == nullptr) {
    call->Answer(cachecore::LeaseLost());
  } else {
    context_.leases->Renew(lease->entry.id, lease->entry.model, lease->token, *hold,
                           [call](absl::StatusOr<absl::Duration> left) {
                             if (left.ok()) ToProto(*left, call->response.mutable_hold());
                             call->Answer(left.status());
                           });
  }
  return call;
}

grpc::ServerUnaryReactor* CacheHandlers::ReleaseLease(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::ReleaseLeaseRequest, cache::v1::ReleaseLeaseResponse>(response, open_calls_);
  const auto lease = OpenHeld(context_, *context, Operation::kReleaseLease, *request, call);
  if (!lease.ok()) {
    call->Answer(lease.status());
  } else if (context_.leases == nullptr) {
    call->Answer(absl::OkStatus());
  } else {
    context_.leases->Release(lease->entry.id, lease->token, [call] { call->Answer(absl::OkStatus()); });
  }
  return call;
}

grpc::ServerReadReactor<grpc::ByteBuffer>* CacheHandlers::Record(grpc::CallbackServerContext* context,
                                                                 grpc::ByteBuffer* response) {
  return new RecordCall(context, context_, response, open_calls_);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* CacheHandlers::Follow(grpc::CallbackServerContext* context,
                                                                  const grpc::ByteBuffer* request) {
  return new FollowCall(context, context_, *request, open_calls_);
}

}  // namespace paracle::service

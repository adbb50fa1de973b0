// TypedCall is one call of the callback API, taken raw and parsed here: what gRPC answers to bytes that it cannot parse
// is UNIMPLEMENTED without a word, and nobody would look for the fault in the request.
#ifndef PARACLE_SERVICE_TYPED_CALL_H_
#define PARACLE_SERVICE_TYPED_CALL_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/server_callback.h"
#include "service/access.h"
#include "service/call_log.h"
#include "service/limits/namespace_limits.h"
#include "service/open_calls.h"
#include "service/status_mapping.h"

namespace paracle::service {

// Deletes itself when the answer has left, or cannot any more. Counted in `open_calls` until then.
template <typename Request, typename Response>
class TypedCall final : public grpc::ServerUnaryReactor {
 public:
  // REQUIRES: `response_bytes` lives until the call is done, as gRPC's does; `open_calls` outlives the call.
  TypedCall(grpc::ByteBuffer* response_bytes, OpenCalls* open_calls)
      : response_bytes_(response_bytes), open_calls_(open_calls), timer_(open_calls->meter(), RpcOfThis()) {
    open_calls_->Enter();
  }

  // UNAUTHENTICATED, before anything is parsed: it is not known who calls. INVALID_ARGUMENT: `bytes` are no Request.
  absl::Status Open(const Access& access, const grpc::CallbackServerContext& context, Operation operation,
                    grpc::ByteBuffer bytes) {
    context_ = &context;
    access_ = &access;
    absl::StatusOr<IdentifiedCall> caller = access.Identify(context, operation);
    if (!caller.ok()) return caller.status();
    identified = *std::move(caller);
    if (grpc::SerializationTraits<Request>::Deserialize(&bytes, &request).ok()) return absl::OkStatus();
    const std::string& name = Request::descriptor()->name();
    return MalformedRequest({name.data(), name.size()});
  }

  // Sends `response`, or the error. Call it once; the call may be gone when it returns.
  void Answer(const absl::Status& status) {
    if (audited) access_->Audit(identified, *audited, status.code());
    if (!status.ok()) LogFailedCall(RpcOfThis(), status, context_);
    bool owned;
    const grpc::Status answer = status.ok()
                                    ? grpc::SerializationTraits<Response>::Serialize(response, response_bytes_, &owned)
                                    : ToGrpc(status);
    timer_.Finish(answer.error_code());
    Finish(answer);
  }

  void OnDone() override {
    open_calls_->Leave();
    delete this;
  }

  IdentifiedCall identified;
  std::optional<Audited> audited;  // To be set once the call is admitted, if its end is to be noted.
  LimitPass pass;                  // Of the namespace that it concerns.
  Request request;
  Response response;

 private:
  static Rpc RpcOfThis() {
    static const std::string& name = Request::descriptor()->name();
    static const Rpc rpc = RpcOfRequest({name.data(), name.size()});
    return rpc;
  }

  grpc::ByteBuffer* const response_bytes_;
  OpenCalls* const open_calls_;
  CallTimer timer_;
  const grpc::ServerContextBase* context_ = nullptr;
  const Access* access_ = nullptr;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_TYPED_CALL_H_

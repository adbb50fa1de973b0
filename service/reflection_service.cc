#include "service/reflection_service.h"

#include <string>

#include "grpcpp/impl/codegen/rpc_service_method.h"
#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/support/server_callback.h"
#include "service/descriptor_answers.h"
#include "service/status_mapping.h"

namespace paracle::service {
namespace {

constexpr char kV1[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kV1Alpha[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// One stream: reads a question, writes its answer, reads the next. Deletes itself when it is done.
class ReflectionCall final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // `refusal`: why nothing is answered, if it is not OK.
  explicit ReflectionCall(const absl::Status& refusal)
      : answers_({"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                  "grpc.reflection.v1alpha.ServerReflection", "paracle.cache.v1.AdminService",
                  "paracle.cache.v1.CacheService"}) {
    if (refusal.ok()) {
      StartRead(&request_);
    } else {
      Finish(ToGrpc(refusal));
    }
  }

  void OnReadDone(bool ok) override {
    grpc::Slice request;
    if (!ok || !request_.DumpToSingleSlice(&request).ok()) return Finish(grpc::Status::OK);
    const std::string answer = answers_.Answer({reinterpret_cast<const char*>(request.begin()), request.size()});
    const grpc::Slice slice(answer);
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&response_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  DescriptorAnswers answers_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

}  // namespace

ReflectionService::Version::Version(const char* method, const Access* access) {
  AddMethod(new grpc::internal::RpcServiceMethod(method, grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
  MarkMethodRawCallback(0, new grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                               [access](grpc::CallbackServerContext* context) {
                                 return new ReflectionCall(access->Identify(*context, Operation::kReflection).status());
                               }));
}

ReflectionService::ReflectionService(const Access* access) : v1_(kV1, access), v1alpha_(kV1Alpha, access) {}

void ReflectionService::RegisterWith(grpc::ServerBuilder* builder) {
  builder->RegisterService(&v1_);
  builder->RegisterService(&v1alpha_);
}

}  // namespace paracle::service

// ReflectionService offers gRPC's server reflection, v1 and v1alpha, so that grpcurl needs no proto files.
//
// It is answered through the callback API. gRPC's own is a synchronous service, whose polling thread would share the
// epoll set with our queues, and so have many a request read by one thread and handed to another
// (docs/adr/0011-reflection.md). A stream that is idle holds up no drain: it is cut with its connection.
#ifndef PARACLE_SERVICE_REFLECTION_SERVICE_H_
#define PARACLE_SERVICE_REFLECTION_SERVICE_H_

#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "service/access.h"

namespace paracle::service {

// Outlives the server. Thread-safe.
class ReflectionService {
 public:
  // `access` outlives the service: descriptors are for everybody whom the server knows.
  explicit ReflectionService(const Access* access);

  void RegisterWith(grpc::ServerBuilder* builder);

 private:
  class Version final : public grpc::Service {
   public:
    Version(const char* method, const Access* access);
  };

  Version v1_;
  Version v1alpha_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_REFLECTION_SERVICE_H_

// HealthStub asks a server's gRPC health service (grpc.health.v1), as an orchestrator's probe does. Debian ships no
// generated code for it, and its two messages have one field each. Thread-safe.
#ifndef PARACLE_CLI_HEALTH_STUB_H_
#define PARACLE_CLI_HEALTH_STUB_H_

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <string>
#include <utility>

namespace paracle::cli {

class HealthStub {
 public:
  explicit HealthStub(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {}

  // Blocks until the answer or the context's deadline. `*serving`: the server says SERVING for `service`.
  grpc::Status Check(grpc::ClientContext* context, const std::string& service, bool* serving);

 private:
  grpc::GenericStub stub_;
};

}  // namespace paracle::cli

#endif  // PARACLE_CLI_HEALTH_STUB_H_

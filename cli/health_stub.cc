#include "cli/health_stub.h"

#include <grpcpp/completion_queue.h>
#include <grpcpp/support/byte_buffer.h>

#include <vector>

#include "google/protobuf/unknown_field_set.h"

namespace paracle::cli {
namespace {

using google::protobuf::UnknownFieldSet;

constexpr int kService = 1;  // Of HealthCheckRequest.
constexpr int kStatus = 1;   // Of HealthCheckResponse.
constexpr uint64_t kServing = 1;

grpc::ByteBuffer RequestFor(const std::string& service) {
  UnknownFieldSet fields;
  fields.AddLengthDelimited(kService, service);
  std::string bytes;
  fields.SerializeToString(&bytes);
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool SaysServing(const grpc::ByteBuffer& response) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!response.Dump(&slices).ok()) return false;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  UnknownFieldSet fields;
  if (!fields.ParseFromString(bytes)) return false;
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.number() == kStatus && field.type() == google::protobuf::UnknownField::TYPE_VARINT) {
      return field.varint() == kServing;
    }
  }
  return false;
}

}  // namespace

grpc::Status HealthStub::Check(grpc::ClientContext* context, const std::string& service, bool* serving) {
  grpc::CompletionQueue queue;
  const auto call = stub_.PrepareUnaryCall(context, "/grpc.health.v1.Health/Check", RequestFor(service), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  if (status.ok()) *serving = SaysServing(response);
  return status;
}

}  // namespace paracle::cli

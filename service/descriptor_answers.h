// DescriptorAnswers answers gRPC's server reflection (grpc/reflection/v1/reflection.proto, the same as v1alpha) from
// the descriptors that are linked into this process. By hand in its public wire format: Debian installs no classes for
// it. Those of grpc.health.v1 and of reflection itself are not linked: they are listed, and otherwise NOT_FOUND.
//
// One of them for each stream, which is sent every file once. Not thread-safe.
#ifndef PARACLE_SERVICE_DESCRIPTOR_ANSWERS_H_
#define PARACLE_SERVICE_DESCRIPTOR_ANSWERS_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace paracle::service {

class DescriptorAnswers {
 public:
  // `services`: what list_services tells.
  explicit DescriptorAnswers(std::vector<std::string> services) : services_(std::move(services)) {}

  // The ServerReflectionResponse to a ServerReflectionRequest. What is not known (NOT_FOUND), or cannot be read
  // (INVALID_ARGUMENT, without original_request), is said in it; whatever the request, it is a message that parses.
  std::string Answer(absl::string_view request);

 private:
  std::string ListServices() const;
  // The file, and behind it those that it imports, without those that were sent before. Null: NOT_FOUND.
  std::string File(const google::protobuf::FileDescriptor* file);
  void Append(const google::protobuf::FileDescriptor& file, std::string* out);

  const std::vector<std::string> services_;
  std::set<std::string> sent_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_DESCRIPTOR_ANSWERS_H_

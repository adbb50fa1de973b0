// RequestScratch is the memory that requests are decoded in: one for each queue, reused from call to call, so that a
// request in the steady state allocates nothing. Used by the thread of its queue alone; what outlives the handler's
// return (a lookup that a slower tier answers) must not point into it.
#ifndef PARACLE_SERVICE_REQUEST_SCRATCH_H_
#define PARACLE_SERVICE_REQUEST_SCRATCH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"
#include "paracle/cache/v1/cache.pb.h"
#include "service/request_splitter.h"

namespace paracle::service {

class RequestScratch {
 public:
  // Loads a request, whose pieces then stay valid until Release. False: not a whole message, because the caller
  // dropped it half-way. REQUIRES: Release was called since the last Load.
  bool Load(const grpc::ByteBuffer& request);

  absl::Span<const absl::string_view> pieces() const { return pieces_; }

  // The request in one piece; joins it when it came in several.
  absl::string_view Joined();

  // Lets go of the request, and of memory that only a large one needed.
  void Release();

  cache::v1::GetRequest get;
  cache::v1::EntryRef entry;
  cache::v1::SetRequest set;
  SplitSetRequest split;
  BatchElements batch;
  std::vector<std::string> tags;
  std::string text;

 private:
  std::vector<grpc::Slice> slices_;
  std::vector<absl::string_view> pieces_;
  size_t size_ = 0;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_REQUEST_SCRATCH_H_

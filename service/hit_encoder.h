// Encodes GetResponse and BatchGetResponse by hand around payloads that stay where they are stored: the response
// refers to the entry's own bytes and keeps the entry alive until gRPC has sent them.
//
// The bytes are those that protobuf would write (tests/service/hit_encoder_test.cc compares them).
#ifndef PARACLE_SERVICE_HIT_ENCODER_H_
#define PARACLE_SERVICE_HIT_ENCODER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cachecore/cache.h"
#include "cachecore/lease.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"

namespace paracle::service {

// Payloads up to this are copied into the response: a slice of their own would cost more than the copy.
inline constexpr size_t kInlinePayloadBytes = 512;

// GetResponse with each outcome. Consumes the hit's reference to its entry. Thread-safe.
grpc::ByteBuffer EncodeHit(cachecore::Hit hit);
grpc::ByteBuffer EncodeMiss(const cachecore::Miss& miss);
grpc::ByteBuffer EncodeLease(const cachecore::Lease& lease);
grpc::ByteBuffer EncodePending(const cachecore::Pending& pending);

// Builds one BatchGetResponse, result by result in the order of the request. Not thread-safe.
class BatchGetEncoder {
 public:
  // A response beyond this many bytes gets TooLarge for hits that do not fit. GetConfig tells it.
  static constexpr size_t kMaxResponseBytes = 3'500'000;

  // False: it did not fit, and TooLarge was added in its place.
  bool AddHit(cachecore::Hit hit);
  void AddMiss(const cachecore::Miss& miss);
  // `code` is a google.rpc.Code, never 0.
  void AddError(int code, absl::string_view message, absl::string_view reason);

  // Ends the response; the encoder is empty afterwards.
  grpc::ByteBuffer Finish();

 private:
  void AddResult(int field, absl::string_view outcome);
  void FlushText();

  std::string text_;                 // Of the response, since the last slice.
  std::vector<grpc::Slice> slices_;  // Before text_.
  size_t size_ = 0;                  // Bytes in slices_ and text_.
  std::string scratch_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_HIT_ENCODER_H_

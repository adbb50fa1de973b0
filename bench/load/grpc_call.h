// One unary gRPC call as the load generator keeps it: reused for call after call, so that nothing is allocated.
#ifndef PARACLE_BENCH_LOAD_GRPC_CALL_H_
#define PARACLE_BENCH_LOAD_GRPC_CALL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace paracle::load {

// The methods that the generator calls; PathOf gives the :path.
enum class Method { kGet, kSet, kBatchGet, kBatchSet, kInvalidate, kClear, kResetStats };
std::string_view PathOf(Method method);

// "OK", "DEADLINE_EXCEEDED"... or "CODE_42" for what gRPC does not know.
std::string StatusName(int code);

struct GrpcCall {
  // --- Set before the call starts.
  Method method = Method::kGet;
  std::string request;  // The gRPC frame: five bytes of prefix, then the message. See BeginFrame and EndFrame.

  // --- Set when it is over. The response is a view into `received`, valid until the call is used again.
  int status = 0;  // A grpc::StatusCode.
  std::string message;
  std::string_view response;

  // --- The workload's own notes about this call.
  int64_t due_nanos = 0;       // When it should have been sent.
  int64_t started_nanos = 0;   // When it was.
  std::vector<uint64_t> keys;  // Which keys it is about.

  // --- The connection's.
  int32_t stream_id = -1;  // -1: not in flight.
  size_t position = 0;     // Among those in flight.
  size_t sent = 0;
  std::string received;
  int http_status = 0;
  bool grpc_content = false;
  bool has_grpc_status = false;
  bool too_large = false;

  bool in_flight() const { return stream_id >= 0; }
  absl::Status ToStatus() const;
};

// Starts a frame in `request`, to which the message is then appended; EndFrame fills in its length.
void BeginFrame(std::string& request);
void EndFrame(std::string& request);

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_GRPC_CALL_H_

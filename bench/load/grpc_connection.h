// GrpcConnection is one HTTP/2 connection that carries unary gRPC calls, many at a time.
//
// Not thread-safe, never blocks: its owner waits for fd() and calls OnReady. Every call that was started ends exactly
// once, through Listener::OnCallDone, whatever the server does: a broken connection ends the calls in flight with
// UNAVAILABLE. Holds at most `max_response_bytes` for each call in flight and 256 KiB to be sent.
// Left out: streams, compression, retries, and deadlines, which the owner keeps by calling Cancel.
#ifndef PARACLE_BENCH_LOAD_GRPC_CONNECTION_H_
#define PARACLE_BENCH_LOAD_GRPC_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "bench/load/grpc_call.h"
#include "bench/load/transport.h"

namespace paracle::load {

struct GrpcConnectionOptions {
  std::string authority;
  std::string scheme = "http";
  std::string token;                     // Empty: no authorization header.
  std::string timeout;                   // The grpc-timeout header, for example "500m".
  size_t max_response_bytes = 64 << 20;  // A larger response fails its call with RESOURCE_EXHAUSTED.
};

class GrpcConnection {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The call is over and may be started again, from here or later.
    virtual void OnCallDone(GrpcCall* call) = 0;
  };

  // `options` and `listener` must outlive it. Call OnReady once right away.
  GrpcConnection(std::unique_ptr<Transport> transport, const GrpcConnectionOptions* options, Listener* listener);
  ~GrpcConnection();
  GrpcConnection(const GrpcConnection&) = delete;
  GrpcConnection& operator=(const GrpcConnection&) = delete;

  int fd() const { return transport_->fd(); }
  // Whether bytes wait for the socket to take them, or for it to connect.
  bool wants_write() const { return transport_->connecting() || (connected_ && !output_.empty()); }
  // True once the server has shown that it speaks HTTP/2; calls may start.
  bool ready() const { return ready_ && !draining_; }
  // True once the server asked for no more calls. Replace the connection when in_flight() is 0.
  bool draining() const { return draining_; }
  size_t in_flight() const { return calls_.size(); }

  // Sends what StartCall says at the next Flush or OnReady. REQUIRES: ready(), !call->in_flight().
  void StartCall(GrpcCall* call);

  // Ends the call with `status` and tells the server to forget it. REQUIRES: call->in_flight() on this connection.
  void Cancel(GrpcCall* call, int status, std::string_view message);

  // Reads and writes what can be. Not OK: the connection is over and its calls have been reported.
  absl::Status OnReady();
  // Writes what can be. As OnReady.
  absl::Status Flush();
  // Ends the connection and with it its calls, with UNAVAILABLE and `why`.
  absl::Status Fail(std::string_view why);

  int64_t bytes_sent() const { return bytes_sent_; }
  int64_t bytes_received() const { return bytes_received_; }

 private:
  friend struct Http2Callbacks;

  void FillOutput();
  absl::Status ReadAll();
  void FinishCall(GrpcCall* call, uint32_t http2_error);
  void OnHeader(GrpcCall* call, std::string_view name, std::string_view value);
  void OnData(GrpcCall* call, const uint8_t* data, size_t size);
  void Forget(GrpcCall* call);

  std::unique_ptr<Transport> transport_;
  const GrpcConnectionOptions* options_;
  Listener* listener_;
  nghttp2_session* session_ = nullptr;
  std::string authorization_;
  std::string output_;
  size_t output_sent_ = 0;
  std::vector<GrpcCall*> calls_;  // In flight, in no order.
  absl::Status over_;             // Not OK: the connection is over.
  bool connected_ = false;
  bool ready_ = false;
  bool draining_ = false;
  int64_t bytes_sent_ = 0;
  int64_t bytes_received_ = 0;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_GRPC_CONNECTION_H_

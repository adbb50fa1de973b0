#include "bench/load/grpc_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace paracle::load {
namespace {

constexpr int kStatusUnknown = 2;
constexpr int kStatusResourceExhausted = 8;
constexpr int kStatusInternal = 13;
constexpr int kStatusUnavailable = 14;

// So large that the server never waits for a window update; memory stays bounded because every byte is consumed when
// it arrives.
constexpr int32_t kWindowBytes = 64 << 20;
constexpr size_t kOutputBytes = 256 << 10;
constexpr size_t kReadBytes = 256 << 10;
// A connection that always has more to read must not starve the others.
constexpr int kReadsPerTurn = 16;

char* ReadBuffer() {
  thread_local std::vector<char> buffer(kReadBytes);
  return buffer.data();
}

nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));  // nghttp2 does not write to it.
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

// What gRPC makes of an HTTP status without a grpc-status.
int FromHttpStatus(int http_status) {
  switch (http_status) {
    case 400:
      return kStatusInternal;
    case 401:
      return 16;  // UNAUTHENTICATED
    case 403:
      return 7;  // PERMISSION_DENIED
    case 404:
      return 12;  // UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return kStatusUnavailable;
    default:
      return kStatusUnknown;
  }
}

int FromHttp2Error(uint32_t error) {
  switch (error) {
    case NGHTTP2_REFUSED_STREAM:
      return kStatusUnavailable;
    case NGHTTP2_CANCEL:
      return 1;  // CANCELLED
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return kStatusResourceExhausted;
    default:
      return kStatusInternal;
  }
}

// grpc-message is percent-encoded.
std::string PercentDecode(std::string_view text) {
  const auto hex = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

// What nghttp2 calls back; a struct so that one friend declaration covers it.
struct Http2Callbacks {
  static GrpcConnection* Self(void* user) { return static_cast<GrpcConnection*>(user); }
  static GrpcCall* CallOf(nghttp2_session* session, int32_t stream) {
    return static_cast<GrpcCall*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t /*flags*/, void* user) {
    GrpcCall* call = CallOf(session, frame->hd.stream_id);
    if (call != nullptr) {
      Self(user)->OnHeader(call, {reinterpret_cast<const char*>(name), name_size},
                           {reinterpret_cast<const char*>(value), value_size});
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t /*flags*/, int32_t stream, const uint8_t* data, size_t size,
                    void* user) {
    GrpcCall* call = CallOf(session, stream);
    if (call != nullptr) Self(user)->OnData(call, data, size);
    return 0;
  }

  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_SETTINGS) Self(user)->ready_ = true;
    if (frame->hd.type == NGHTTP2_GOAWAY) Self(user)->draining_ = true;
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, int32_t stream, uint32_t error, void* user) {
    GrpcCall* call = CallOf(session, stream);
    if (call != nullptr) Self(user)->FinishCall(call, error);
    return 0;
  }

  static ssize_t ReadRequest(nghttp2_session* session, int32_t stream, uint8_t* buffer, size_t size, uint32_t* flags,
                             nghttp2_data_source* /*source*/, void* /*user*/) {
    GrpcCall* call = CallOf(session, stream);
    if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // Cancelled before it was sent.
    const size_t n = std::min(size, call->request.size() - call->sent);
    std::memcpy(buffer, call->request.data() + call->sent, n);
    call->sent += n;
    if (call->sent == call->request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }

  static nghttp2_session* NewSession(GrpcConnection* connection) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnStreamClose);
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new(&session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes}};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kWindowBytes);
    return session;
  }
};

GrpcConnection::GrpcConnection(std::unique_ptr<Transport> transport, const GrpcConnectionOptions* options,
                               Listener* listener)
    : transport_(std::move(transport)), options_(options), listener_(listener) {
  session_ = Http2Callbacks::NewSession(this);
  if (!options->token.empty()) authorization_ = absl::StrCat("Bearer ", options->token);
  FillOutput();
}

GrpcConnection::~GrpcConnection() {
  for (GrpcCall* call : calls_) call->stream_id = -1;
  nghttp2_session_del(session_);
}

void GrpcConnection::StartCall(GrpcCall* call) {
  nghttp2_nv headers[10] = {
      Header(":method", "POST"),
      Header(":scheme", options_->scheme),
      Header(":path", PathOf(call->method)),
      Header(":authority", options_->authority),
      Header("content-type", "application/grpc"),
      Header("te", "trailers"),
      Header("user-agent", "paracle-load/1"),
      Header("grpc-timeout", options_->timeout),
  };
  size_t count = 8;
  if (!authorization_.empty()) {
    headers[count] = Header("authorization", authorization_);
    headers[count++].flags |= NGHTTP2_NV_FLAG_NO_INDEX;
  }
  nghttp2_data_provider body = {};
  body.read_callback = Http2Callbacks::ReadRequest;
  call->sent = 0;
  call->received.clear();
  call->message.clear();
  call->response = {};
  call->http_status = 0;
  call->status = kStatusUnknown;
  call->grpc_content = call->has_grpc_status = call->too_large = false;
  const int32_t stream = nghttp2_submit_request(session_, nullptr, headers, count, &body, call);
  call->stream_id = std::max(stream, 0);
  call->position = calls_.size();
  calls_.push_back(call);
  // Stream numbers have run out (after a thousand million calls): as good as a GOAWAY.
  if (stream < 0) {
    draining_ = true;
    FinishCall(call, NGHTTP2_REFUSED_STREAM);
  }
}

void GrpcConnection::Forget(GrpcCall* call) {
  call->stream_id = -1;
  calls_.back()->position = call->position;
  calls_[call->position] = calls_.back();
  calls_.pop_back();
}

void GrpcConnection::Cancel(GrpcCall* call, int status, std::string_view message) {
  nghttp2_session_set_stream_user_data(session_, call->stream_id, nullptr);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call->stream_id, NGHTTP2_CANCEL);
  call->status = status;
  call->message = message;
  Forget(call);
  listener_->OnCallDone(call);
}

void GrpcConnection::OnHeader(GrpcCall* call, std::string_view name, std::string_view value) {
  int number = 0;
  if (name == ":status" && absl::SimpleAtoi(absl::string_view(value.data(), value.size()), &number)) {
    call->http_status = number;
  } else if (name == "content-type") {
    call->grpc_content = value.starts_with("application/grpc");
  } else if (name == "grpc-status") {
    call->has_grpc_status = absl::SimpleAtoi(absl::string_view(value.data(), value.size()), &number) && number >= 0;
    call->status = number;
  } else if (name == "grpc-message") {
    call->message = PercentDecode(value.substr(0, 4096));
  }
}

void GrpcConnection::OnData(GrpcCall* call, const uint8_t* data, size_t size) {
  if (call->too_large) return;
  if (call->received.size() + size > options_->max_response_bytes + 5) {
    call->too_large = true;
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call->stream_id, NGHTTP2_CANCEL);
    return;
  }
  call->received.append(reinterpret_cast<const char*>(data), size);
}

void GrpcConnection::FinishCall(GrpcCall* call, uint32_t http2_error) {
  const auto fail = [call](int status, std::string message) {
    call->status = status;
    call->message = std::move(message);
  };
  const std::string& frame = call->received;
  if (call->too_large) {
    fail(kStatusResourceExhausted, absl::StrCat("response over ", options_->max_response_bytes, " bytes"));
  } else if (call->has_grpc_status && call->status != 0) {
    // As the server says.
  } else if (http2_error != NGHTTP2_NO_ERROR) {
    fail(FromHttp2Error(http2_error), absl::StrCat("stream closed: ", nghttp2_http2_strerror(http2_error)));
  } else if (call->http_status != 200 || !call->grpc_content) {
    fail(FromHttpStatus(call->http_status), absl::StrCat("not a gRPC answer: HTTP status ", call->http_status));
  } else if (!call->has_grpc_status) {
    fail(kStatusInternal, "answer without grpc-status");
  } else {
    uint32_t size = 0;
    for (size_t i = 1; i < 5 && frame.size() >= 5; ++i) size = size << 8 | static_cast<uint8_t>(frame[i]);
    if (frame.size() < 5 || frame[0] != 0 || frame.size() != size + size_t{5}) {
      fail(kStatusInternal, "answer is not one uncompressed message");
    } else {
      call->response = std::string_view(frame).substr(5);
    }
  }
  Forget(call);
  listener_->OnCallDone(call);
}

void GrpcConnection::FillOutput() {
  if (output_sent_ == output_.size()) {
    output_.clear();
    output_sent_ = 0;
  } else if (output_sent_ >= kOutputBytes) {
    output_.erase(0, output_sent_);
    output_sent_ = 0;
  }
  while (output_.size() - output_sent_ < kOutputBytes) {
    const uint8_t* data = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &data);
    if (n <= 0) return;
    output_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(n));
  }
}

absl::Status GrpcConnection::Flush() {
  while (over_.ok()) {
    FillOutput();
    if (output_.empty()) return absl::OkStatus();
    const IoResult io = transport_->Write(std::string_view(output_).substr(output_sent_));
    if (io.over) return Fail(io.error);
    if (io.bytes == 0) return absl::OkStatus();
    connected_ = true;
    bytes_sent_ += static_cast<int64_t>(io.bytes);
    output_sent_ += io.bytes;
  }
  return over_;
}

absl::Status GrpcConnection::ReadAll() {
  for (int i = 0; i < kReadsPerTurn && over_.ok(); ++i) {
    const IoResult io = transport_->Read(ReadBuffer(), kReadBytes);
    if (io.over) return Fail(io.error);
    if (io.bytes == 0) return absl::OkStatus();
    bytes_received_ += static_cast<int64_t>(io.bytes);
    const auto* data = reinterpret_cast<const uint8_t*>(ReadBuffer());
    const ssize_t n = nghttp2_session_mem_recv(session_, data, io.bytes);
    if (n < 0) {
      // Before the first SETTINGS it was never HTTP/2.
      return Fail(ready_ ? absl::StrCat("HTTP/2: ", nghttp2_strerror(static_cast<int>(n)))
                         : "the server does not speak HTTP/2");
    }
    if (io.partial) return absl::OkStatus();
  }
  return over_;
}

absl::Status GrpcConnection::OnReady() {
  if (!over_.ok()) return over_;
  absl::Status status = connected_ ? absl::OkStatus() : Flush();
  if (status.ok()) status = ReadAll();
  if (status.ok()) status = Flush();
  // nghttp2 has said goodbye: the server broke the protocol, or closed the connection the orderly way.
  if (status.ok() && nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    return Fail(ready_ ? "HTTP/2 session closed" : "the server does not speak HTTP/2");
  }
  return status;
}

absl::Status GrpcConnection::Fail(std::string_view why) {
  if (over_.ok()) over_ = absl::UnavailableError(absl::string_view(why.data(), why.size()));
  draining_ = true;
  while (!calls_.empty()) {
    GrpcCall* call = calls_.back();
    call->status = kStatusUnavailable;
    call->message = absl::StrCat("connection lost: ", std::string(why));
    nghttp2_session_set_stream_user_data(session_, call->stream_id, nullptr);
    Forget(call);
    listener_->OnCallDone(call);
  }
  return over_;
}

}  // namespace paracle::load

#include "tests/service/raw_http2.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace paracle::service {
namespace {

constexpr uint8_t kData = 0;
constexpr uint8_t kReset = 3;
constexpr uint8_t kAck = 1;
constexpr uint8_t kEndStream = 1;
constexpr uint8_t kEndHeaders = 4;

std::string BigEndian32(uint32_t value) {
  const uint32_t wire = htonl(value);
  return std::string(reinterpret_cast<const char*>(&wire), sizeof(wire));
}

// HPACK: literal header without indexing, new name, no Huffman coding.
std::string Header(absl::string_view name, absl::string_view value) {
  std::string out(1, '\0');
  out.push_back(static_cast<char>(name.size()));
  out.append(name.data(), name.size());
  out.push_back(static_cast<char>(value.size()));
  out.append(value.data(), value.size());
  return out;
}

}  // namespace

std::string MessagePrefix(uint32_t size) { return std::string(1, '\0') + BigEndian32(size); }

RawHttp2::RawHttp2(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) abort();
  const absl::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  if (send(fd_, preface.data(), preface.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(preface.size())) abort();
  Send(Frame::kSettings, 0, 0, "");
}

RawHttp2::RawHttp2(RawHttp2&& other) noexcept : fd_(std::exchange(other.fd_, -1)), next_stream_(other.next_stream_) {}

RawHttp2::~RawHttp2() {
  if (fd_ >= 0) close(fd_);
}

uint32_t RawHttp2::OpenStream(absl::string_view path, bool end_stream, absl::string_view timeout) {
  const uint32_t stream = next_stream_;
  next_stream_ += 2;
  std::string headers = Header(":method", "POST") + Header(":scheme", "http") + Header(":path", path) +
                        Header(":authority", "localhost") + Header("content-type", "application/grpc") +
                        Header("te", "trailers");
  if (!timeout.empty()) headers += Header("grpc-timeout", timeout);
  Send(Frame::kHeaders, kEndHeaders | (end_stream ? kEndStream : 0), stream, headers);
  return stream;
}

void RawHttp2::Data(uint32_t stream, absl::string_view bytes, bool end_stream) {
  Send(kData, end_stream ? kEndStream : 0, stream, bytes);
}

void RawHttp2::Reset(uint32_t stream) { Send(kReset, 0, stream, BigEndian32(8)); }

void RawHttp2::Ping() { Send(Frame::kPing, 0, 0, "8 bytes."); }

void RawHttp2::AckSettings() { Send(Frame::kSettings, kAck, 0, ""); }

std::optional<RawHttp2::Frame> RawHttp2::ReadUntil(uint8_t type) {
  std::string header;
  while (ReadBytes(9, &header)) {
    const auto byte = [&](int i) { return static_cast<size_t>(static_cast<uint8_t>(header[i])); };
    Frame frame;
    frame.type = static_cast<uint8_t>(byte(3));
    if (!ReadBytes(byte(0) << 16 | byte(1) << 8 | byte(2), &frame.payload)) break;
    if (frame.type == type) return frame;
  }
  return std::nullopt;
}

bool RawHttp2::WaitForHangUp() {
  char skipped[4096];
  int got;
  do {
    got = ReadSome(skipped, sizeof(skipped));
  } while (got > 0);
  return got == 0;
}

int RawHttp2::ReadSome(char* out, size_t size) {
  pollfd readable = {fd_, POLLIN, 0};
  if (poll(&readable, 1, 30'000) != 1) return -1;
  return static_cast<int>(std::max<ssize_t>(recv(fd_, out, size, 0), 0));
}

bool RawHttp2::ReadBytes(size_t size, std::string* out) {
  out->resize(size);
  size_t done = 0;
  while (done < size) {
    const int got = ReadSome(out->data() + done, size - done);
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

void RawHttp2::Send(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  std::string frame = BigEndian32(static_cast<uint32_t>(payload.size())).substr(1);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  frame += BigEndian32(stream);
  frame.append(payload.data(), payload.size());
  // A server that hangs up on us is none of this client's business.
  (void)!send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL);
}

}  // namespace paracle::service

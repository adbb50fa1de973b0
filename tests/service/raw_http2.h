// Speaks just enough HTTP/2 to be a bad client: streams that break off half-way, pings that nobody asked for. It
// answers nothing of its own accord, no SETTINGS and no PING.
#ifndef PARACLE_TESTS_SERVICE_RAW_HTTP2_H_
#define PARACLE_TESTS_SERVICE_RAW_HTTP2_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace paracle::service {

class RawHttp2 {
 public:
  struct Frame {
    static constexpr uint8_t kHeaders = 1;
    static constexpr uint8_t kSettings = 4;
    static constexpr uint8_t kPing = 6;
    static constexpr uint8_t kGoaway = 7;

    uint8_t type = 0;
    std::string payload;
  };

  // Connects to 127.0.0.1 and greets. Stops the test when it cannot.
  explicit RawHttp2(int port);
  ~RawHttp2();

  RawHttp2(RawHttp2&& other) noexcept;
  RawHttp2& operator=(RawHttp2&&) = delete;

  // Opens the next stream with the headers of a call; returns its id. `timeout` as grpc-timeout has it; empty: none.
  uint32_t OpenStream(absl::string_view path, bool end_stream, absl::string_view timeout = "");

  // A DATA frame.
  void Data(uint32_t stream, absl::string_view bytes, bool end_stream);

  // RST_STREAM with CANCEL.
  void Reset(uint32_t stream);

  void Ping();
  void AckSettings();

  // The next frame of `type`, others skipped. nullopt: the server has hung up, or sent nothing for 30 s.
  std::optional<Frame> ReadUntil(uint8_t type);

  // Reads to the end. False: the server has not hung up, and sent nothing for 30 s.
  bool WaitForHangUp();

 private:
  // Of the bytes that have come, at most `size`: how many; 0: the server has hung up; -1: silence.
  int ReadSome(char* out, size_t size);
  bool ReadBytes(size_t size, std::string* out);
  void Send(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload);

  int fd_;
  uint32_t next_stream_ = 1;
};

// The five bytes before a gRPC message of `size` bytes.
std::string MessagePrefix(uint32_t size);

}  // namespace paracle::service

#endif  // PARACLE_TESTS_SERVICE_RAW_HTTP2_H_

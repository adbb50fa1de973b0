// Stream is one socket, plain, unix or TLS, that never blocks: try, and wait when there is nothing to do.
//
// One thread. Close may be called at any time on it, and ends whatever waits.
#ifndef PARACLE_CACHECORE_REDIS_STREAM_H_
#define PARACLE_CACHECORE_REDIS_STREAM_H_

#include <sys/uio.h>

#include <asio/awaitable.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/progress.h"
#include "cachecore/redis/tls_session.h"

namespace paracle::cachecore::redis {

class Stream {
 public:
  explicit Stream(asio::io_context& io);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  // Looks the name up anew each time. `attempt` chooses which of its addresses comes first, so that one that answers
  // nothing does not hide the others for ever.
  asio::awaitable<absl::Status> Connect(const Url& url, const TlsFiles& tls, unsigned attempt);

  Progress Read(absl::Span<char> into);

  // May take fewer bytes than are given. TLS takes a copy: then unwritten() may be true with nothing left to give, and
  // an empty Write goes on with it.
  Progress Write(absl::Span<const iovec> pieces);
  bool unwritten() const { return tls_ != nullptr && tls_->unwritten(); }

  // Returns also when the stream has been closed. REQUIRES: want is not kNothing.
  asio::awaitable<void> Wait(Want want);
  void WhenWritable(std::function<void()> then);

  void Close();
  bool closed() const { return closed_; }

 private:
  using Socket = asio::generic::stream_protocol::socket;
  using Endpoint = asio::generic::stream_protocol::endpoint;

  asio::awaitable<absl::StatusOr<std::vector<Endpoint>>> Resolve(const Url& url);
  asio::awaitable<absl::Status> ConnectTo(const Endpoint& endpoint);
  asio::awaitable<absl::Status> StartTls(const std::string& host, const TlsFiles& files);
  void SetOptions();

  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
  asio::ip::tcp::resolver resolver_;
  bool closed_ = false;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_STREAM_H_

#include "cachecore/redis/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::cachecore::redis {
namespace {

constexpr int kUnacknowledgedMs = 5'000;  // TCP_USER_TIMEOUT: the kernel's own patience is a quarter of an hour.
constexpr int kKeepAliveSeconds = 5;

absl::Status Failed(absl::string_view what, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
}

Progress Outcome(ssize_t result, Want want, absl::string_view what) {
  if (result > 0) return {.bytes = static_cast<size_t>(result)};
  if (result == 0) return {.error = absl::UnavailableError("the server closed the connection")};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {.want = want};
  return {.error = Failed(what, {errno, std::system_category()})};
}

}  // namespace

Stream::Stream(asio::io_context& io) : socket_(io), resolver_(io) {}

Stream::~Stream() = default;

asio::awaitable<absl::Status> Stream::Connect(const Url& url, const TlsFiles& tls, unsigned attempt) {
  const auto endpoints = co_await Resolve(url);
  if (!endpoints.ok()) co_return endpoints.status();
  absl::Status last = absl::UnavailableError("the name has no address");
  for (size_t i = 0; i < endpoints->size(); ++i) {
    last = co_await ConnectTo((*endpoints)[(attempt + i) % endpoints->size()]);
    if (last.ok() || closed_) break;
  }
  if (last.ok() && url.kind == Url::Kind::kTls) last = co_await StartTls(url.host, tls);
  co_return last;
}

asio::awaitable<absl::StatusOr<std::vector<Stream::Endpoint>>> Stream::Resolve(const Url& url) {
  std::error_code error;
  std::vector<Endpoint> endpoints;
  if (url.kind == Url::Kind::kUnix) {
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(url.path));
    co_return endpoints;
  }
  if (const auto address = asio::ip::make_address(url.host, error); !error) {
    endpoints.emplace_back(asio::ip::tcp::endpoint(address, url.port));
    co_return endpoints;
  }
  const auto found = co_await resolver_.async_resolve(url.host, absl::StrCat(url.port),
                                                      asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Failed("name look-up", error);
  for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
  co_return endpoints;
}

asio::awaitable<absl::Status> Stream::ConnectTo(const Endpoint& endpoint) {
  std::error_code error;
  if (closed_) co_return absl::CancelledError("closed");
  socket_.close(error);
  co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Failed("connect", error);
  socket_.non_blocking(true, error);
  SetOptions();
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> Stream::StartTls(const std::string& host, const TlsFiles& files) {
  auto session = TlsSession::Create(files, host, socket_.native_handle());
  if (!session.ok()) co_return session.status();
  tls_ = *std::move(session);
  while (!closed_) {
    const Progress progress = tls_->ShakeHands();
    if (!progress.error.ok()) co_return progress.error;
    if (progress.want == Want::kNothing) co_return absl::OkStatus();
    co_await Wait(progress.want);
  }
  co_return absl::CancelledError("closed");
}

// What a unix socket does not know of, it refuses without harm.
void Stream::SetOptions() {
  const int fd = socket_.native_handle();
  const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
}

Progress Stream::Read(absl::Span<char> into) {
  if (closed_) return {.error = absl::CancelledError("closed")};
  if (tls_ != nullptr) return tls_->Read(into);
  return Outcome(::recv(socket_.native_handle(), into.data(), into.size(), 0), Want::kRead, "read");
}

Progress Stream::Write(absl::Span<const iovec> pieces) {
  if (closed_) return {.error = absl::CancelledError("closed")};
  if (tls_ != nullptr) return tls_->Write(pieces);
  if (pieces.empty()) return {};
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return Outcome(::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL), Want::kWrite, "write");
}

asio::awaitable<void> Stream::Wait(Want want) {
  std::error_code ignored;  // A closed stream says so at the next attempt.
  if (closed_) co_return;
  if (want == Want::kWrite) {
    co_await socket_.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, ignored));
    co_return;
  }
  // Not async_wait: for that, Asio tells epoll anew what it waits for, each time, and is woken at once because the socket
  // can be written. Looking at a byte needs neither.
  char peeked;
  co_await socket_.async_receive(asio::buffer(&peeked, 1), Socket::message_peek,
                                 asio::redirect_error(asio::use_awaitable, ignored));
}

void Stream::WhenWritable(std::function<void()> then) {
  socket_.async_wait(Socket::wait_write, [then = std::move(then)](const std::error_code&) { then(); });
}

void Stream::Close() {
  closed_ = true;
  std::error_code ignored;
  socket_.close(ignored);
  resolver_.cancel();
}

}  // namespace paracle::cachecore::redis

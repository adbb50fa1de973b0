#include "service/metrics/http_session.h"

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <optional>
#include <utility>

namespace paracle::service {

HttpSession::HttpSession(AcceptedSocket socket, const HttpLimits& limits, HttpServer::Handler& handler)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      limits_(limits),
      handler_(handler),
      head_(limits.head_bytes, '\0') {}

void HttpSession::Start() {
  EndAfter(limits_.request);
  Read();
}

void HttpSession::End() {
  std::error_code ignored;
  socket_.close(ignored);
  deadline_.cancel();
}

void HttpSession::EndAfter(absl::Duration limit) {
  deadline_.expires_after(absl::ToChronoNanoseconds(limit));
  deadline_.async_wait([self = shared_from_this()](std::error_code error) {
    if (!error) self->End();
  });
}

void HttpSession::Read() {
  socket_.async_read_some(asio::buffer(&head_[received_], head_.size() - received_),
                          [self = shared_from_this()](std::error_code error, size_t bytes) {
                            if (error) return self->End();
                            self->OnRead(bytes);
                          });
}

void HttpSession::OnRead(size_t bytes) {
  received_ += bytes;
  const absl::string_view head(head_.data(), received_);
  if (head.find("\r\n\r\n") == absl::string_view::npos && head.find("\n\n") == absl::string_view::npos) {
    if (received_ < head_.size()) return Read();
    return Answer({.status = 431, .body = "the headers are too large\n"});
  }
  const std::optional<HttpRequest> request = ParseHttpRequest(head);
  Answer(request ? handler_(*request) : HttpResponse{.status = 400, .body = "this is not HTTP/1.1\n"});
}

void HttpSession::Answer(const HttpResponse& response) {
  response_ = ToWire(response);
  EndAfter(limits_.response);
  asio::async_write(socket_, asio::buffer(response_), [self = shared_from_this()](std::error_code error, size_t) {
    if (error) return self->End();
    std::error_code ignored;
    self->socket_.shutdown(AcceptedSocket::shutdown_send, ignored);
    self->AwaitEnd();
  });
}

// Closing while there is something unread would reset the connection, and the peer might lose the answer.
void HttpSession::AwaitEnd() {
  socket_.async_read_some(asio::buffer(head_), [self = shared_from_this()](std::error_code error, size_t) {
    if (error) return self->End();
    self->AwaitEnd();
  });
}

}  // namespace paracle::service

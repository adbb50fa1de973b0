// HttpSession is one connection of an HttpServer: reads a request, sends the answer, waits until the peer has taken it.
//
// Belongs to the server's thread; lives as long as an operation of it is under way.
#ifndef PARACLE_SERVICE_METRICS_HTTP_SESSION_H_
#define PARACLE_SERVICE_METRICS_HTTP_SESSION_H_

#include <asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "service/listen_sockets.h"
#include "service/metrics/http_server.h"

namespace paracle::service {

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // `handler` outlives the session.
  HttpSession(AcceptedSocket socket, const HttpLimits& limits, HttpServer::Handler& handler);

  void Start();

  // Closes the connection, whatever is under way.
  void End();
  bool ended() const { return !socket_.is_open(); }

 private:
  void Read();
  void OnRead(size_t bytes);
  void Answer(const HttpResponse& response);
  void AwaitEnd();
  void EndAfter(absl::Duration limit);

  AcceptedSocket socket_;
  asio::steady_timer deadline_;
  const HttpLimits limits_;
  HttpServer::Handler& handler_;
  std::string head_;
  size_t received_ = 0;  // Of head_; what is behind is room.
  std::string response_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_HTTP_SESSION_H_

#include "service/metrics/http_server.h"

#include <pthread.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <list>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/metrics/http_session.h"

namespace paracle::service {
namespace {

using asio::ip::tcp;

// Until accepting is tried again, when the process has no file descriptor left for it.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::error_code Bind(const tcp::endpoint& endpoint, tcp::acceptor* acceptor) {
  std::error_code error;
  acceptor->open(endpoint.protocol(), error);
  // A port whose connections of before are not forgotten yet can be had; one that somebody listens on cannot.
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(tcp::acceptor::max_listen_connections, error);
  return error;
}

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(const HttpLimits& limits, Handler handler) : limits_(limits), handler_(std::move(handler)) {}

  ~AsioHttpServer() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen(const ListenAddress& address) {
    std::error_code error;
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(address.host, absl::StrCat(address.port), tcp::resolver::passive, error);
    if (!error) error = Bind(found.begin()->endpoint(), &acceptor_);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) return absl::UnavailableError(error.message());
    Accept();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "metrics");
      io_.run();
    });
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      if (error) return PauseAndAccept();
      MakeRoom();
      sessions_.push_back(std::make_shared<HttpSession>(std::move(socket), limits_, handler_));
      sessions_.back()->Start();
      Accept();
    });
  }

  void PauseAndAccept() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](std::error_code error) {
      if (!error) Accept();
    });
  }

  void MakeRoom() {
    sessions_.remove_if([](const auto& session) { return session->ended(); });
    if (sessions_.size() < limits_.connections) return;
    sessions_.front()->End();
    sessions_.pop_front();
  }

  const HttpLimits limits_;
  Handler handler_;
  int port_ = 0;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::list<std::shared_ptr<HttpSession>> sessions_;  // By age.
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const ListenAddress& address, const HttpLimits& limits,
                                                              Handler handler) {
  auto server = std::make_unique<AsioHttpServer>(limits, std::move(handler));
  if (absl::Status status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace paracle::service

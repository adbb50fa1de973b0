#include "service/metrics/http_server.h"

#include <pthread.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <list>
#include <system_error>
#include <thread>
#include <utility>

#include "service/listen_sockets.h"
#include "service/metrics/http_session.h"

namespace paracle::service {
namespace {

// Until accepting is tried again, when the process has no file descriptor left for it.
constexpr std::chrono::milliseconds kAcceptPause{100};

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(const HttpLimits& limits, Handler handler) : limits_(limits), handler_(std::move(handler)) {}

  ~AsioHttpServer() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen(const ListenAddress& address) {
    absl::StatusOr<ListenSockets> opened = OpenListenSockets(address, io_);
    if (!opened.ok()) return opened.status();
    port_ = opened->port;
    for (ListenSocket& socket : opened->sockets) listeners_.push_back({std::move(socket), asio::steady_timer(io_)});
    for (Listener& listener : listeners_) Accept(listener);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "metrics");
      io_.run();
    });
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  struct Listener {
    ListenSocket socket;
    asio::steady_timer pause;
  };

  void Accept(Listener& listener) {
    listener.socket.async_accept([this, &listener](std::error_code error, AcceptedSocket socket) {
      if (error) return PauseAndAccept(listener);
      MakeRoom();
      sessions_.push_back(std::make_shared<HttpSession>(std::move(socket), limits_, handler_));
      sessions_.back()->Start();
      Accept(listener);
    });
  }

  void PauseAndAccept(Listener& listener) {
    listener.pause.expires_after(kAcceptPause);
    listener.pause.async_wait([this, &listener](std::error_code error) {
      if (!error) Accept(listener);
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
  std::list<Listener> listeners_;
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

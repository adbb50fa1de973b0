#include "service/acceptor.h"

#include <pthread.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/listen_sockets.h"
#include "service/logging.h"
#include "service/open_files.h"

namespace paracle::service {
namespace {

// Until it is tried again when there are too many files: the guard looks for connections to close every 20 ms.
constexpr std::chrono::milliseconds kPause{10};
constexpr absl::Duration kBetweenWarnings = absl::Minutes(1);

class AsioAcceptor final : public Acceptor {
 public:
  explicit AsioAcceptor(uint64_t most_files) : most_files_(most_files), turns_(std::make_shared<TurnCounter>()) {}

  ~AsioAcceptor() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    for (const Listener& listener : listeners_) {
      if (!listener.unix_path.empty()) unlink(listener.unix_path.c_str());
    }
  }

  absl::StatusOr<int> Listen(const ListenAddress& address, OnAccept on_accept) override {
    absl::StatusOr<ListenSockets> opened = OpenListenSockets(address, io_);
    if (!opened.ok()) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", address.ToString(), ": ", opened.status().message()));
    }
    for (ListenSocket& socket : opened->sockets) {
      listeners_.push_back({std::move(socket), address.unix_path, on_accept, asio::steady_timer(io_)});
    }
    return opened->port;
  }

  void Start() override {
    for (Listener& listener : listeners_) Accept(listener);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "accept");
      turns_->Begin();
      io_.run();
      turns_->End();
    });
  }

  std::shared_ptr<const TurnCounter> turns() const override { return turns_; }

 private:
  struct Listener {
    ListenSocket socket;
    std::string unix_path;  // Empty for TCP.
    OnAccept on_accept;
    asio::steady_timer pause;
  };

  void Accept(Listener& listener) {
    if (TooManyFiles()) return PauseAndAccept(listener);
    listener.socket.async_accept([this, &listener](std::error_code error, AcceptedSocket connection) {
      if (!error) connection.native_non_blocking(true, error);
      if (error) return PauseAndAccept(listener);  // For want of a file, or of memory.
      if (!IsGone(connection)) HandOver(listener, connection.release());
      Accept(listener);
    });
  }

  // gRPC would log an error for each.
  static bool IsGone(const AcceptedSocket& connection) {
    std::error_code error;
    connection.remote_endpoint(error);
    return static_cast<bool>(error);
  }

  void PauseAndAccept(Listener& listener) {
    listener.pause.expires_after(kPause);
    listener.pause.async_wait([this, &listener](std::error_code error) {
      if (!error) Accept(listener);
    });
  }

  void HandOver(Listener& listener, int fd) {
    turns_->Enter();
    listener.on_accept(listener.socket.native_handle(), fd);
    turns_->Leave();
  }

  // The next file gets the lowest free number: all below are taken.
  bool TooManyFiles() {
    const int free = LowestFreeFile();
    if (free >= 0 && static_cast<uint64_t>(free) <= most_files_) return false;
    if (const absl::Time now = absl::Now(); now - warned_ >= kBetweenWarnings) {
      warned_ = now;
      Log(LogLevel::kWarn, "connections wait", {{"why", absl::StrCat("more than ", most_files_, " files are open")}});
    }
    return true;
  }

  const uint64_t most_files_;
  const std::shared_ptr<TurnCounter> turns_;
  absl::Time warned_ = absl::InfinitePast();
  asio::io_context io_{1};
  std::list<Listener> listeners_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Acceptor> Acceptor::Make(uint64_t most_files) { return std::make_unique<AsioAcceptor>(most_files); }

}  // namespace paracle::service

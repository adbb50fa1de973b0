#include "tests/support/fault_proxy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/fault_proxy_link.h"

namespace paracle::support {
namespace {

constexpr int kBacklog = 128;

int NewSocket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void SendAtOnce(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// On any port when `port` is 0. -1: not possible.
int Listen(int port) {
  const int fd = NewSocket();
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = Loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 && ::listen(fd, kBacklog) == 0) {
    return fd;
  }
  ::close(fd);
  return -1;
}

int PortOf(int fd) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// May still be connecting when it returns; what fails shows at the first use.
int ConnectTo(int port) {
  const int fd = NewSocket();
  SendAtOnce(fd);
  const sockaddr_in address = Loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EINPROGRESS) {
    return fd;
  }
  ::close(fd);
  return -1;
}

Fault Error(std::string text, bool writes_only) {
  Fault fault;
  fault.kind = Fault::Kind::kError;
  fault.error = std::move(text);
  fault.writes_only = writes_only;
  return fault;
}

}  // namespace

Fault Fault::Delay(absl::Duration delay, absl::Duration jitter) {
  Fault fault;
  fault.kind = Kind::kDelay;
  fault.delay = delay;
  fault.jitter = jitter;
  return fault;
}

Fault Fault::DropMessages(double share) {
  Fault fault;
  fault.drop_messages = share;
  return fault;
}

Fault Fault::Loading() { return Error("LOADING Redis is loading the dataset in memory", false); }
Fault Fault::NoAuth() { return Error("NOAUTH Authentication required.", false); }
Fault Fault::Busy() {
  return Error("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", false);
}
Fault Fault::OutOfMemory() { return Error("OOM command not allowed when used memory > 'maxmemory'.", true); }
Fault Fault::ReadOnly() { return Error("READONLY You can't write against a read only replica.", true); }

class FaultProxy::Loop {
 public:
  explicit Loop(int upstream_port) : upstream_port_(upstream_port), listener_(Listen(0)) {
    if (listener_ < 0) throw std::runtime_error("the fault proxy cannot listen");
    port_ = PortOf(listener_);
    thread_ = std::thread([this] { Run(); });
  }

  ~Loop() {
    Tell([this] { stopping_ = true; });
    thread_.join();
    links_.clear();
    if (listener_ >= 0) ::close(listener_);
    ::close(wake_up_);
  }

  void Set(const Fault& fault) {
    Tell([&] { asked_fault_ = fault; });
  }
  void CloseConnections() {
    Tell([this] { asked_close_ = true; });
  }
  int port() const { return port_; }
  const FaultCounters& counters() const { return counters_; }

 private:
  // Has the thread see what `change` says, and waits until it has.
  template <typename Change>
  void Tell(Change change) {
    std::unique_lock lock(mutex_);
    change();
    const uint64_t mine = ++asked_;
    const uint64_t one = 1;
    if (::write(wake_up_, &one, sizeof(one)) < 0) return;
    applied_.wait(lock, [&] { return done_ >= mine; });
  }

  void Run() {
    while (TakeOrders()) {
      const absl::Time now = absl::Now();
      Collect(now);
      const absl::Duration patience = std::min(NextDue() - now, absl::Seconds(1));
      const timespec wait = absl::ToTimespec(std::max(patience, absl::ZeroDuration()));
      ::ppoll(fds_.data(), fds_.size(), &wait, nullptr);
      Serve(absl::Now());
    }
  }

  // False: the end.
  bool TakeOrders() {
    std::lock_guard lock(mutex_);
    if (done_ != asked_) {
      fault_ = asked_fault_;
      Obey(std::exchange(asked_close_, false));
      done_ = asked_;
      applied_.notify_all();
    }
    return !stopping_;
  }

  void Obey(bool close) {
    const absl::Time now = absl::Now();
    const bool refuse = fault_.kind == Fault::Kind::kRefuse;
    for (const auto& link : links_) {
      link->OnFaultChange(now);
      if (refuse) link->Reset();
    }
    if (refuse || close) links_.clear();
    if (refuse && listener_ >= 0) ::close(std::exchange(listener_, -1));
    if (!refuse && listener_ < 0) listener_ = Listen(port_);
  }

  void Collect(absl::Time now) {
    fds_.clear();
    fds_.push_back({wake_up_, POLLIN, 0});
    fds_.push_back({listener_, POLLIN, 0});
    for (const auto& link : links_) {
      // A socket that may do nothing is left out: poll tells of a hang-up even when not asked.
      const short client = link->ClientEvents(fault_, now);
      const short upstream = link->UpstreamEvents(fault_);
      fds_.push_back({client == 0 ? -1 : link->client(), client, 0});
      fds_.push_back({upstream == 0 ? -1 : link->upstream(), upstream, 0});
    }
  }

  absl::Time NextDue() const {
    absl::Time next = absl::InfiniteFuture();
    if (fault_.kind == Fault::Kind::kBlackhole) return next;
    for (const auto& link : links_) next = std::min(next, link->NextDue());
    return next;
  }

  void Serve(absl::Time now) {
    uint64_t ignored = 0;
    if (fds_[0].revents != 0 && ::read(wake_up_, &ignored, sizeof(ignored)) < 0) return;
    if (fault_.kind != Fault::Kind::kBlackhole) ServeLinks(now);
    if (fds_[1].revents != 0) Accept();
    std::erase_if(links_, [](const auto& link) { return link->over(); });
  }

  void ServeLinks(absl::Time now) {
    for (size_t i = 0; i < links_.size(); ++i) {
      FaultProxyLink& link = *links_[i];
      link.OnClient(fds_[2 + 2 * i].revents, fault_, now);
      if (!link.over()) link.OnUpstream(fds_[3 + 2 * i].revents, fault_, now);
    }
  }

  void Accept() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    SendAtOnce(client);
    ++counters_.connections;
    const int upstream = ConnectTo(upstream_port_);
    if (upstream >= 0) {
      links_.push_back(std::make_unique<FaultProxyLink>(client, upstream, &random_, &counters_));
    } else {
      ::close(client);
    }
  }

  const int upstream_port_;
  int listener_;
  int port_ = 0;
  const int wake_up_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  FaultCounters counters_;

  // Of the thread.
  Fault fault_;
  std::mt19937_64 random_{20240229};
  std::vector<std::unique_ptr<FaultProxyLink>> links_;
  std::vector<pollfd> fds_;

  std::mutex mutex_;  // Guards the rest.
  std::condition_variable applied_;
  Fault asked_fault_;
  bool asked_close_ = false;
  bool stopping_ = false;
  uint64_t asked_ = 0;
  uint64_t done_ = 0;

  std::thread thread_;
};

FaultProxy::FaultProxy(int upstream_port) : loop_(std::make_unique<Loop>(upstream_port)) {}
FaultProxy::~FaultProxy() = default;
int FaultProxy::Port() const { return loop_->port(); }
std::string FaultProxy::Url() const { return absl::StrCat("redis://127.0.0.1:", Port(), "/0"); }
void FaultProxy::Set(const Fault& fault) { loop_->Set(fault); }
void FaultProxy::CloseConnections() { loop_->CloseConnections(); }
const FaultCounters& FaultProxy::counters() const { return loop_->counters(); }

}  // namespace paracle::support

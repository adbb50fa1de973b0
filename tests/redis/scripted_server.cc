#include "tests/redis/scripted_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace paracle::cachecore::redis {

bool Peer::Fill() {
  char bytes[4096];
  const ssize_t size = ::recv(fd_, bytes, sizeof bytes, 0);
  if (size > 0) unread_.append(bytes, static_cast<size_t>(size));
  return size > 0;
}

std::string Peer::Line() {
  size_t end = 0;
  while ((end = unread_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return "";
  }
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 2);
  return line;
}

std::vector<std::string> Peer::Next() {
  std::vector<std::string> arguments;
  const std::string head = Line();
  if (head.empty()) return {};
  for (int left = std::stoi(head.substr(1)); left > 0; --left) {
    const std::string length = Line();
    if (length.empty()) return {};
    const size_t size = std::stoul(length.substr(1));
    while (unread_.size() < size + 2) {
      if (!Fill()) return {};
    }
    arguments.push_back(unread_.substr(0, size));
    unread_.erase(0, size + 2);
  }
  return arguments;
}

void Peer::Say(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
}

void Peer::SayByteByByte(std::string_view bytes) {
  for (char byte : bytes) Say({&byte, 1});
}

bool Peer::Greet() {
  const bool named = !Next().empty();
  if (named) Say("+OK\r\n");
  const bool pinged = named && !Next().empty();
  if (pinged) Say("+PONG\r\n");
  return pinged;
}

bool Peer::HearsWithin(int milliseconds) {
  pollfd readable = {.fd = fd_, .events = POLLIN, .revents = 0};
  return !unread_.empty() || ::poll(&readable, 1, milliseconds) > 0;
}

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedServer::Accept() {
  int fd = -1;
  while ((fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number = accepted_++] { Serve(fd, number); });
  }
}

void ScriptedServer::Serve(int fd, int number) {
  Peer peer(fd);
  script_(peer, number);
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

}  // namespace paracle::cachecore::redis

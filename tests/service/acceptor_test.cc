#include "service/acceptor.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"
#include "service/listen_address.h"
#include "service/open_files.h"

namespace paracle::service {
namespace {

class Files {
 public:
  ~Files() { Close(); }
  void Add(int fd) { fds_.push_back(fd); }
  void Close() {
    for (int fd : fds_) close(fd);
    fds_.clear();
  }

 private:
  std::vector<int> fds_;
};

// What an acceptor hands over.
class Accepted {
 public:
  ~Accepted() {
    for (int fd : fds_) close(fd);
  }

  Acceptor::OnAccept Callback() {
    return [this](int, int fd) {
      absl::MutexLock lock(&mutex_);
      fds_.push_back(fd);
    };
  }

  std::vector<int> Await(size_t count) {
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return fds_.size() >= count; };
    absl::MutexLock lock(&mutex_, absl::Condition(&enough));
    return fds_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<int> fds_ ABSL_GUARDED_BY(mutex_);
};

std::vector<std::string> AddressesOf(const std::string& host) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
    addresses.push_back(text);
  }
  freeaddrinfo(found);
  return addresses;
}

// `host`: a numeric address. -1: nobody is there.
int Connect(const std::string& host, int port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0) return -1;
  int fd = socket(found->ai_family, SOCK_STREAM, 0);
  if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  return fd;
}

bool HasIpv6() {
  Accepted accepted;
  return Acceptor::Make(1000)->Listen(*ListenAddress::Parse("[::1]:0"), accepted.Callback()).ok();
}

void FillUpTo(int number, Files* files) {
  while (LowestFreeFile() < number) files->Add(dup(0));
}

TEST(AcceptorTest, ConnectionsWaitWhileTooManyFilesAreOpenAndAreAcceptedAfterwards) {
  constexpr int kClients = 10, kMost = 200;
  Accepted accepted;
  Files clients, others;
  const auto acceptor = Acceptor::Make(kMost);
  const auto port = acceptor->Listen(*ListenAddress::Parse("127.0.0.1:0"), accepted.Callback());
  ASSERT_TRUE(port.ok()) << port.status();
  for (int i = 0; i < kClients; ++i) clients.Add(Connect("127.0.0.1", *port));
  FillUpTo(kMost - 1, &others);
  acceptor->Start();
  accepted.Await(2);
  others.Close();
  const std::vector<int> fds = accepted.Await(kClients);
  EXPECT_LE(*std::max_element(fds.begin(), fds.end()), kMost);
}

TEST(AcceptorTest, ConnectionsThatCameBeforeTheStartAreAccepted) {
  Accepted accepted;
  Files clients;
  const auto acceptor = Acceptor::Make(1000);
  const auto port = acceptor->Listen(*ListenAddress::Parse("127.0.0.1:0"), accepted.Callback());
  clients.Add(Connect("127.0.0.1", *port));
  acceptor->Start();
  EXPECT_GE(accepted.Await(1)[0], 0);
}

int PortOf(int fd, decltype(getsockname)* name) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  return name(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin_port) : -1;
}

TEST(AcceptorTest, APeerThatHasGoneBeforeItWasAcceptedIsNotHandedOver) {
  Accepted accepted;
  Files clients;
  const auto acceptor = Acceptor::Make(1000);
  const auto port = acceptor->Listen(*ListenAddress::Parse("127.0.0.1:0"), accepted.Callback());
  const int gone = Connect("127.0.0.1", *port), there = Connect("127.0.0.1", *port);
  clients.Add(there);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(gone, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  close(gone);
  acceptor->Start();
  EXPECT_EQ(PortOf(accepted.Await(1)[0], getpeername), PortOf(there, getsockname));
}

TEST(AcceptorTest, NobodyIsThereAnyMoreWhenItIsGone) {
  Accepted accepted;
  auto acceptor = Acceptor::Make(1000);
  const auto port = acceptor->Listen(*ListenAddress::Parse("127.0.0.1:0"), accepted.Callback());
  acceptor->Start();
  acceptor.reset();
  EXPECT_EQ(Connect("127.0.0.1", *port), -1);
}

// Listens on `address`, and connects to each of `hosts`.
void ExpectAtEach(const std::string& address, const std::vector<std::string>& hosts) {
  Accepted accepted;
  Files clients;
  const auto acceptor = Acceptor::Make(1000);
  const auto port = acceptor->Listen(*ListenAddress::Parse(address), accepted.Callback());
  ASSERT_TRUE(port.ok()) << port.status();
  acceptor->Start();
  for (const std::string& host : hosts) {
    const int fd = Connect(host, *port);
    ASSERT_GE(fd, 0) << address << " is not there as " << host;
    clients.Add(fd);
  }
  accepted.Await(hosts.size());
}

TEST(AcceptorTest, ListensOnOnePortOfEachAddressThatANameHas) {
  const std::vector<std::string> addresses = AddressesOf("localhost");
  ASSERT_FALSE(addresses.empty());
  ExpectAtEach("localhost:0", addresses);
}

TEST(AcceptorTest, EveryInterfaceIsThatOfBothKindsHoweverItIsSaid) {
  if (!HasIpv6()) GTEST_SKIP() << "this machine has no IPv6";
  ExpectAtEach("0.0.0.0:0", {"127.0.0.1", "::1"});
  ExpectAtEach("[::]:0", {"127.0.0.1", "::1"});
}

TEST(AcceptorTest, AnAddressOfIpv4OrIpv6IsThatAlone) {
  if (!HasIpv6()) GTEST_SKIP() << "this machine has no IPv6";
  Accepted accepted;
  const auto v4 = Acceptor::Make(1000), v6 = Acceptor::Make(1000);
  const auto port = v4->Listen(*ListenAddress::Parse("127.0.0.1:0"), accepted.Callback());
  EXPECT_EQ(Connect("::1", *port), -1);
  EXPECT_TRUE(v6->Listen(*ListenAddress::Parse(absl::StrCat("[::1]:", *port)), accepted.Callback()).ok());
}

TEST(AcceptorTest, SaysWhyAnAddressCannotBeListenedOn) {
  Accepted accepted;
  const auto acceptor = Acceptor::Make(1000);
  const auto port = acceptor->Listen(*ListenAddress::Parse("127.0.0.1:0"), accepted.Callback());
  const auto why = [&](const std::string& address) {
    return std::string(acceptor->Listen(*ListenAddress::Parse(address), accepted.Callback()).status().message());
  };
  const std::string taken = absl::StrCat("127.0.0.1:", *port), every = absl::StrCat("0.0.0.0:", *port);
  EXPECT_EQ(why(taken), absl::StrCat("cannot listen on ", taken, ": Address already in use"));
  EXPECT_EQ(why(every), absl::StrCat("cannot listen on ", every, ": Address already in use"));
  EXPECT_EQ(why("192.0.2.1:0"), "cannot listen on 192.0.2.1:0: Cannot assign requested address");
  EXPECT_EQ(why("unix:/nonexistent/s"), "cannot listen on unix:/nonexistent/s: No such file or directory");
}

}  // namespace
}  // namespace paracle::service

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "service/limits/connection_scan.h"

namespace paracle::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Scan = std::map<int, ConnectionTraffic>;

TEST(CostliestTest, IsTheOneThatSentMostInBetween) {
  const Scan before{{3, {.received = 900'000}}, {4, {.received = 1000}}};
  const Scan after{{3, {.received = 901'000}}, {4, {.received = 200'000}}, {5, {.received = 100'000}}};
  EXPECT_EQ(Costliest(before, after, 64 << 10), 4);
}

TEST(CostliestTest, IsTheOneThatTakesNothingBeforeThat) {
  const Scan before{{3, {.received = 0, .sent = 10, .waiting = 90'000}}, {4, {}}, {5, {.sent = 1, .waiting = 90'000}}};
  const Scan after{{3, {.received = 0, .sent = 10, .waiting = 90'000}},
                   {4, {.received = 1'000'000}},
                   {5, {.sent = 70'000, .waiting = 200'000}}};
  EXPECT_EQ(Costliest(before, after, 64 << 10), 3) << "the last one is reading";
}

TEST(CostliestTest, IsNobodyWhoCostsLittle) {
  const Scan before{{3, {.received = 10}}, {4, {.sent = 1, .waiting = 100}}};
  const Scan after{{3, {.received = 4000}}, {4, {.sent = 1, .waiting = 100}}};
  EXPECT_EQ(Costliest(before, after, 64 << 10), -1);
  EXPECT_EQ(Costliest(before, after, 1), 4);
  EXPECT_EQ(Costliest({}, {}, 1), -1);
}

TEST(BusiestTest, IsTheOneThatSentMostInBetweenWhoeverDoesNotRead) {
  const Scan before{{3, {.received = 900'000}}, {4, {.received = 1000}}, {5, {.sent = 1, .waiting = 90'000}}};
  const Scan after{{3, {.received = 980'000}}, {4, {.received = 100'000}}, {5, {.sent = 1, .waiting = 900'000}}};
  EXPECT_EQ(Busiest(before, after, 64 << 10), 4);
  EXPECT_EQ(Busiest(before, after, 99'001), -1);
  EXPECT_EQ(Busiest({}, {{7, {.received = 5}}}, 5), 7) << "a new one";
}

TEST(LeastReceivedTest, AreThoseFromWhichLeastCameAndOfEqualOnesTheLast) {
  const Scan connections{{3, {.received = 9}}, {4, {.received = 1}}, {5, {.received = 5}}, {6, {.received = 1}}};
  EXPECT_THAT(LeastReceived(connections, 1), ElementsAre(6));
  EXPECT_THAT(LeastReceived(connections, 3), ElementsAre(6, 4, 5));
  EXPECT_THAT(LeastReceived(connections, 9), ElementsAre(6, 4, 5, 3));
  EXPECT_THAT(LeastReceived({}, 1), IsEmpty());
}

// Two ends of one connection over loopback, accepted on an address of IPv4 or on all of either.
struct Loopback {
  explicit Loopback(int family = AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    sockaddr* const bound =
        family == AF_INET ? reinterpret_cast<sockaddr*>(&address) : reinterpret_cast<sockaddr*>(&any);
    socklen_t size = family == AF_INET ? sizeof(address) : sizeof(any);
    listener = socket(family, SOCK_STREAM, 0);
    bind(listener, bound, size);
    getsockname(listener, bound, &size);
    listen(listener, 1);
    address.sin_port = family == AF_INET ? address.sin_port : any.sin6_port;
    port = ntohs(address.sin_port);
    theirs = socket(AF_INET, SOCK_STREAM, 0);
    connect(theirs, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ours = accept(listener, nullptr, nullptr);
  }
  ~Loopback() {
    for (int fd : {listener, theirs, ours}) close(fd);
  }

  int listener, theirs, ours, port;
};

TEST(ConnectionScanTest, CountsWhatWasAcceptedOnThePortsAndNothingElse) {
  const Loopback watched, other;
  ASSERT_EQ(write(watched.theirs, "12345", 5), 5);
  const Scan scan = ScanConnections({watched.port});
  ASSERT_EQ(scan.size(), 1) << "neither the listener, nor the other end, nor the other connection";
  ASSERT_TRUE(scan.contains(watched.ours));
  EXPECT_EQ(scan.at(watched.ours).received, 5);
  EXPECT_EQ(PeerOf(watched.ours).substr(0, 10), "127.0.0.1:");
}

TEST(ConnectionScanTest, NamesAPeerOfIpv4AlikeWhereverItWasAccepted) {
  const Loopback both(AF_INET6);
  if (both.listener < 0) GTEST_SKIP() << "this machine has no IPv6";
  ASSERT_GE(both.ours, 0);
  EXPECT_EQ(PeerOf(both.ours).substr(0, 10), "127.0.0.1:");
}

TEST(ConnectionScanTest, TellsWhatThePeerDoesNotTake) {
  const Loopback connection;
  const std::string much(8 << 20, 'x');
  ASSERT_GT(send(connection.ours, much.data(), much.size(), MSG_DONTWAIT), 0);
  const auto traffic = [&] { return ScanConnections({connection.port}).at(connection.ours); };
  uint64_t sent;
  do {  // Until the peer's buffer is full.
    sent = traffic().sent;
    usleep(50'000);
  } while (traffic().sent != sent);
  EXPECT_GT(traffic().waiting, 64 << 10);
}

}  // namespace
}  // namespace paracle::service

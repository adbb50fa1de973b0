#include "service/metrics/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paracle::service {
namespace {

using ::testing::StartsWith;

constexpr char kRequest[] = "GET /x HTTP/1.1\r\n\r\n";

ListenAddress Loopback(int port) {
  ListenAddress address;
  address.host = "127.0.0.1";
  address.port = port;
  return address;
}

class Connection {
 public:
  explicit Connection(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) abort();
  }
  ~Connection() { close(fd_); }
  Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  void Send(const std::string& bytes) {
    ASSERT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  // Up to its end, for which it waits as long as a test may.
  std::string ReadAll() {
    std::string all;
    char buffer[65536];
    pollfd ready{fd_, POLLIN, 0};
    while (poll(&ready, 1, 60'000) == 1) {
      const ssize_t size = recv(fd_, buffer, sizeof(buffer), 0);
      if (size <= 0) return all;
      all.append(buffer, static_cast<size_t>(size));
    }
    return "no end";
  }

 private:
  int fd_;
};

std::unique_ptr<HttpServer> StartOn(int port, const HttpLimits& limits, size_t body = 10) {
  auto server = HttpServer::Start(Loopback(port), limits, [body](const HttpRequest& request) {
    return HttpResponse{.status = 200, .body = request.path + std::string(body, '.')};
  });
  if (!server.ok()) abort();
  return *std::move(server);
}

TEST(HttpServerTest, ARequestInPiecesIsAnswered) {
  const auto server = StartOn(0, {});
  Connection connection(server->port());
  for (const char c : std::string(kRequest)) connection.Send(std::string(1, c));
  EXPECT_THAT(connection.ReadAll(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServerTest, ABodyThatNobodyReadsDoesNotCostTheAnswer) {
  const auto server = StartOn(0, {});
  Connection connection(server->port());
  connection.Send(std::string("POST /x HTTP/1.1\r\nContent-Length: 100000\r\n\r\n") + std::string(100'000, 'b'));
  EXPECT_THAT(connection.ReadAll(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServerTest, ASilentPeerIsCutOff) {
  const auto server = StartOn(0, {.request = absl::Milliseconds(50)});
  Connection connection(server->port());
  connection.Send("GET /x");
  EXPECT_EQ(connection.ReadAll(), "");
}

TEST(HttpServerTest, APeerThatDoesNotTakeItsAnswerIsCutOff) {
  const auto server = StartOn(0, {.response = absl::Milliseconds(50)}, 64 << 20);
  Connection connection(server->port());
  connection.Send(kRequest);
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_LT(connection.ReadAll().size(), size_t{64} << 20) << "it was not cut off, or all of it fits into buffers";
}

TEST(HttpServerTest, WhenAllPlacesAreTakenTheOldestGives) {
  const auto server = StartOn(0, {.connections = 3, .request = absl::Hours(1)});
  std::vector<Connection> silent;
  for (int i = 0; i < 3; ++i) silent.emplace_back(server->port());
  Connection honest(server->port());
  honest.Send(kRequest);
  EXPECT_THAT(honest.ReadAll(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(silent.front().ReadAll(), "");
  silent.back().Send(kRequest);
  EXPECT_THAT(silent.back().ReadAll(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServerTest, APortInUseIsTold) {
  const auto server = StartOn(0, {});
  const auto second =
      HttpServer::Start(Loopback(server->port()), {}, [](const HttpRequest&) { return HttpResponse(); });
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(second.status().message(), "Address already in use");
}

TEST(HttpServerTest, AHostThatIsNotThereIsTold) {
  const auto server = HttpServer::Start(*ListenAddress::Parse("no-such-host.invalid:0"), {},
                                        [](const HttpRequest&) { return HttpResponse(); });
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpServerTest, ItEndsWhileConnectionsAreOpen) {
  auto server = StartOn(0, {});
  Connection connection(server->port());
  connection.Send("GET /x");
  server.reset();
  EXPECT_EQ(connection.ReadAll(), "");
}

}  // namespace
}  // namespace paracle::service

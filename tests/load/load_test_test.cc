// RunLoadTest against servers that work, that lie, and that go away.
#include "bench/load/load_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tests/load/fake_cache_server.h"
#include "tests/load/noop_process.h"

namespace paracle::load {
namespace {

using testing::HasSubstr;

LoadOptions Small(const std::string& endpoint) {
  LoadOptions options;
  options.endpoint = endpoint;
  options.requests = 2000;
  options.keyspace = 100;
  options.connections = 2;
  options.concurrency = 8;
  options.value_sizes = ValueSizes::Range(0, 5000);
  return options;
}

TEST(LoadTestTest, CountsHitsMissesAndSetsAndLeavesNothingBehind) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.hit_ratio = 0.5;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->requests, 2000);
  EXPECT_EQ(report->errors, 0);
  EXPECT_EQ(report->wrong, 0);
  EXPECT_EQ(report->lost, 0);
  EXPECT_EQ(report->hits + report->misses + report->sets, 2000);
  EXPECT_NEAR(static_cast<double>(report->sets), 2000.0 / 11, 60);
  EXPECT_NEAR(*report->hit_ratio(), 0.5, 0.06);
  EXPECT_EQ(report->latency.count(), 2000);
  EXPECT_EQ(report->get_latency.count(), report->hits + report->misses);
  EXPECT_EQ(report->statuses, (std::map<std::string, int64_t>{{"OK", 2000}}));
  EXPECT_EQ(server.gets, report->hits + report->misses);
  EXPECT_EQ(server.sets, report->sets + 100);
  EXPECT_EQ(server.size(), 0u);
  EXPECT_EQ(report->left_behind, "");
  EXPECT_EQ(report->ExitCode(), 0);
}

TEST(LoadTestTest, SameSeedSameCounts) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.hit_ratio = 0.7;
  const auto first = RunLoadTest(options, {});
  const auto second = RunLoadTest(options, {});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->hits, second->hits);
  EXPECT_EQ(first->sets, second->sets);
  EXPECT_NE(first->options.name_space, second->options.name_space);
}

TEST(LoadTestTest, BatchesCountTheirEntries) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.batch_size = 7;
  options.requests = 300;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->requests, 300);
  EXPECT_EQ(report->entries, 2100);
  EXPECT_EQ(report->hits + report->sets, 2100);
  EXPECT_EQ(report->wrong, 0);
}

TEST(LoadTestTest, MissPathMissesSetsAndTakesOneLatencyForBoth) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.mode = LoadMode::kMissPath;
  options.requests = 200;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->requests, 200);
  EXPECT_EQ(report->errors, 0) << report->error_messages.begin()->first;
  EXPECT_EQ(report->misses, 200);
  EXPECT_EQ(report->sets, 200);
  EXPECT_EQ(report->latency.count(), 200);
  EXPECT_EQ(server.size(), 0u);
}

TEST(LoadTestTest, OpenLoopKeepsItsRate) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.requests = 0;
  options.duration = absl::Milliseconds(500);
  options.rate = 400;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->requests + report->unsent, 200);
}

TEST(LoadTestTest, OpenLoopChargesTheWaitForASlotToTheServer) {
  FakeCacheServer server;
  server.get_delay_millis = 20;
  LoadOptions options = Small(server.endpoint());
  options.connections = options.concurrency = 1;
  options.ratio = {0, 1};
  options.requests = 20;
  options.rate = 1000;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  // Each was due a millisecond after the one before and answered twenty after it: the last waited for all.
  EXPECT_GE(report->latency.max(), absl::Milliseconds(20 * 20 - 19));
  EXPECT_GE(report->latency.Percentile(50), absl::Milliseconds(190));
}

TEST(LoadTestTest, SpeaksOverAUnixSocket) {
  const std::string path = testing::TempDir() + "load_test_" + std::to_string(getpid()) + ".sock";
  FakeCacheServer server("unix:" + path);
  const auto report = RunLoadTest(Small(server.endpoint()), {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->errors + report->wrong, 0);
}

TEST(LoadTestTest, SendsTheToken) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.token = "secret";
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(server.with_token, server.gets);
}

TEST(LoadTestTest, LargeValuesPassInBothDirections) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.value_sizes = ValueSizes::Fixed(3 << 20);
  options.keyspace = 3;
  options.requests = 40;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->errors + report->wrong, 0);
  EXPECT_EQ(report->hits + report->sets, 40);
}

TEST(LoadTestTest, MixedUpAnswersAreFound) {
  FakeCacheServer server;
  server.mixes_up_answers = true;
  LoadOptions options = Small(server.endpoint());
  options.zipf_exponent = 0;
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  // All but the hits of the one key whose payload everybody gets.
  EXPECT_GT(report->wrong, report->hits * 9 / 10);
  EXPECT_EQ(report->ExitCode(), 3);
}

TEST(LoadTestTest, KeysThatTheServerDidNotKeepAreLost) {
  FakeCacheServer server;
  server.keeps_nothing = true;
  const auto report = RunLoadTest(Small(server.endpoint()), {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->hits, 0);
  EXPECT_EQ(report->lost, report->misses);
}

TEST(LoadTestTest, ErrorsAreCountedByStatusAndMessage) {
  FakeCacheServer server;
  server.fail_every = 4;
  LoadOptions options = Small(server.endpoint());
  options.ratio = {0, 1};
  options.thresholds.push_back(*Threshold::Parse("error_rate<0.1"));
  const auto report = RunLoadTest(options, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->errors, 500);
  EXPECT_EQ(report->statuses.at("RESOURCE_EXHAUSTED"), 500);
  EXPECT_EQ(report->error_messages,
            (std::map<std::string, int64_t>{{"RESOURCE_EXHAUSTED: too much \xc3\xa0 la fois, 100%", 500}}));
  EXPECT_EQ(report->latency.count(), 1500);
  EXPECT_EQ(report->ExitCode(), 99);
}

TEST(LoadTestTest, ANamespaceInUseIsRefusedAndNotCleared) {
  FakeCacheServer server;
  server.Put("prod", "somebody's answer");
  LoadOptions options = Small(server.endpoint());
  options.name_space = "prod";
  const auto report = RunLoadTest(options, {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("'prod' holds 1 entries"));
  EXPECT_EQ(server.size(), 1u);
  EXPECT_EQ(server.clears, 0);
}

TEST(LoadTestTest, StoppingGivesAPartialReportAndClears) {
  FakeCacheServer server;
  LoadOptions options = Small(server.endpoint());
  options.requests = 0;
  options.duration = absl::Hours(1);
  std::atomic<bool> stop = false;
  LoadControl control;
  control.stop = &stop;
  control.progress = [&](const LoadProgress& progress) { stop = stop || progress.requests > 500; };
  const auto report = RunLoadTest(options, control);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->interrupted);
  EXPECT_GT(report->requests, 500);
  EXPECT_EQ(server.size(), 0u);
  EXPECT_EQ(report->ExitCode(), 130);
}

TEST(LoadTestTest, NobodyListeningIsUnavailable) {
  LoadOptions options = Small("127.0.0.1:1");
  const auto report = RunLoadTest(options, {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("127.0.0.1:1: connect: Connection refused"));
}

// A peer that sends `bytes` to whoever connects, and reads nothing.
class RudePeer {
 public:
  explicit RudePeer(std::string bytes) : bytes_(std::move(bytes)) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    listen(fd_, 16);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    endpoint_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] {
      std::vector<int> clients;
      for (int client = accept(fd_, nullptr, nullptr); client >= 0; client = accept(fd_, nullptr, nullptr)) {
        (void)!write(client, bytes_.data(), bytes_.size());
        clients.push_back(client);
      }
      for (int client : clients) close(client);
    });
  }
  ~RudePeer() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  const std::string& endpoint() const { return endpoint_; }

 private:
  std::string bytes_;
  int fd_;
  std::string endpoint_;
  std::thread thread_;
};

TEST(LoadTestTest, APeerThatSpeaksSomethingElseIsUnavailable) {
  RudePeer peer("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + std::string(1000, '\xee'));
  const auto report = RunLoadTest(Small(peer.endpoint()), {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("does not speak HTTP/2"));
}

TEST(LoadTestTest, APeerThatSaysNothingIsGivenUpOn) {
  RudePeer peer("");
  LoadOptions options = Small(peer.endpoint());
  options.connect_timeout = absl::Milliseconds(100);
  const auto report = RunLoadTest(options, {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("no answer within 100ms"));
}

// Runs until `act` has been called, once, in the middle of the measured part.
absl::StatusOr<LoadReport> RunAndInTheMiddle(LoadOptions options, const std::function<void()>& act) {
  options.requests = 0;
  options.duration = absl::Seconds(30);
  options.check_payloads = false;
  std::atomic<bool> done = false;
  LoadControl control;
  control.progress = [&](const LoadProgress& progress) {
    if (progress.phase != LoadProgress::Phase::kMeasuring || progress.requests < 1000 || done.exchange(true)) return;
    act();
  };
  return RunLoadTest(options, control);
}

TEST(LoadTestTest, AServerThatIsKilledEndsTheTestWithItsErrorsCounted) {
  NoopProcess server;
  ASSERT_NE(server.endpoint(), "");
  LoadOptions options = Small(server.endpoint());
  options.connect_timeout = absl::Milliseconds(300);
  const auto report = RunAndInTheMiddle(options, [&] { server.Kill(); });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->aborted, HasSubstr("no connection for 300ms"));
  EXPECT_GE(report->requests, 1000);
  EXPECT_GE(report->errors, 1);
  EXPECT_LE(report->errors, 8);
  EXPECT_EQ(report->statuses.at("UNAVAILABLE"), report->errors);
  EXPECT_NE(report->left_behind, "");
  EXPECT_EQ(report->ExitCode(), 2);
}

TEST(LoadTestTest, AServerThatComesBackIsFoundAgain) {
  auto server = std::make_unique<NoopProcess>();
  ASSERT_NE(server->endpoint(), "");
  const std::string endpoint = server->endpoint();
  std::atomic<bool> stop = false;
  LoadOptions options = Small(endpoint);
  options.duration = absl::Seconds(60);
  options.requests = 0;
  options.check_payloads = false;
  int64_t back_at = -1;
  LoadControl control;
  control.stop = &stop;
  control.progress = [&](const LoadProgress& progress) {
    if (progress.phase != LoadProgress::Phase::kMeasuring || progress.requests < 500) return;
    if (back_at < 0) {
      server.reset();
      server = std::make_unique<NoopProcess>(endpoint);
      back_at = progress.requests;
    } else if (progress.requests > back_at + 500) {
      stop = true;
    }
  };
  const auto report = RunLoadTest(options, control);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->interrupted);
  EXPECT_EQ(report->aborted, "");
  EXPECT_GE(report->reconnects, 2);
  EXPECT_LE(report->errors, 8);
}

TEST(LoadTestTest, AFrozenServerCostsDeadlinesAndNeverHangs) {
  NoopProcess server;
  ASSERT_NE(server.endpoint(), "");
  LoadOptions options = Small(server.endpoint());
  options.call_timeout = absl::Milliseconds(50);
  options.connect_timeout = absl::Milliseconds(300);
  options.requests = 0;
  options.duration = absl::Seconds(60);
  options.check_payloads = false;
  std::atomic<bool> stop = false;
  bool frozen = false;
  LoadControl control;
  control.stop = &stop;
  control.progress = [&](const LoadProgress& progress) {
    if (progress.phase == LoadProgress::Phase::kCleaningUp) server.Kill();
    if (progress.phase != LoadProgress::Phase::kMeasuring) return;
    if (!std::exchange(frozen, true)) server.Freeze();
    if (progress.errors >= 16) stop = true;
  };
  const auto report = RunLoadTest(options, control);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_GE(report->statuses.at("DEADLINE_EXCEEDED"), 16);
  EXPECT_TRUE(report->interrupted);
}

}  // namespace
}  // namespace paracle::load

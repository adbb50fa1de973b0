// Peers that cost the server something and ask nothing of it: many idle connections, requests that stop half-way.
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/service/raw_http2.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;

constexpr int kIdlePeers = 500;
constexpr int kHalfRequests = 20;
constexpr size_t kHalfRequestBytes = 60'000;  // Within the window that the server grants unasked.

// AddressSanitizer keeps freed memory, so that the figure says nothing there.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kResidentMeansUsed = false;
#else
constexpr bool kResidentMeansUsed = true;
#endif

// VmRSS of this process, in KiB.
int64_t ResidentKiB() {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kib = 0;
  while (status >> word) {
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
}

// Both ends of every connection are in this process.
bool AllowFiles(rlim_t count) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= count) return true;
  if (limit.rlim_max < count) return false;
  limit.rlim_cur = count;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

void ExpectServes(RunningServer& server) {
  v1::SetResponse stored;
  EXPECT_TRUE(server.cache().Set(Patient().get(), SetOf(RefOf('a'), "x"), &stored).ok());
  v1::GetRequest get;
  *get.mutable_entry() = RefOf('a');
  v1::GetResponse response;
  EXPECT_TRUE(server.cache().Get(Patient().get(), get, &response).ok());
  EXPECT_EQ(response.hit().payload(), "x");
}

TEST(SlowPeerTest, IdleAndHalfDonePeersCostLittleAndKeepNobodyWaiting) {
  if (!AllowFiles(2 * (kIdlePeers + kHalfRequests) + 200)) GTEST_SKIP() << "the limit of open files is too low";
  RunningServer server;
  ExpectServes(server);
  const int64_t before = ResidentKiB();
  std::vector<RawHttp2> peers;
  for (int i = 0; i < kIdlePeers + kHalfRequests; ++i) {
    peers.emplace_back(server.port());
    // Its SETTINGS show that the server has the connection.
    ASSERT_TRUE(peers.back().ReadUntil(RawHttp2::Frame::kSettings)) << "peer " << i;
  }
  for (int i = 0; i < kHalfRequests; ++i) {
    RawHttp2& peer = peers[i];
    const uint32_t stream = peer.OpenStream("/paracle.cache.v1.CacheService/Set", false);
    const std::string half = MessagePrefix(2 << 20) + std::string(kHalfRequestBytes, 'x');
    for (size_t at = 0; at < half.size(); at += 16'384) peer.Data(stream, half.substr(at, 16'384), false);
  }
  ExpectServes(server);
  const int64_t growth = ResidentKiB() - before;
  // Measured: 11 KiB a peer, what it sent included.
  if (kResidentMeansUsed) {
    EXPECT_LT(growth, 100 * (kIdlePeers + kHalfRequests)) << "VmRSS grew by " << growth << " KiB from " << before;
  }
  RecordProperty("vm_rss_growth_kib", static_cast<int>(growth));
  const auto start = std::chrono::steady_clock::now();
  server.server().Drain();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 5.0);
}

}  // namespace
}  // namespace paracle::service

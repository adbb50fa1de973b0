// Two servers with recordings on one Redis, each over a proxy that can do harm, for tests.
#ifndef PARACLE_TESTS_CACHECORE_RECORDING_SERVERS_H_
#define PARACLE_TESTS_CACHECORE_RECORDING_SERVERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "cachecore/redis_keys.h"
#include "gtest/gtest.h"
#include "tests/cachecore/redis_stack.h"
#include "tests/support/fault_proxy.h"

namespace paracle::cachecore {

inline constexpr char kRecordingsPrefix[] = "streamed:";

struct RecordingServer {
  explicit RecordingServer(const std::string& url, const RecordingLimits& limits = {},
                           std::shared_ptr<const encryption::KeyRing> keys = nullptr,
                           const std::string& prefix = kRecordingsPrefix) {
    CacheOptions options;
    options.recordings = limits;
    options.shared = SharedOptions(url, prefix);
    options.shared->keys = std::move(keys);
    options.shared->client.operation_timeout = absl::Milliseconds(500);
    options.shared->client.connect_timeout = absl::Milliseconds(500);
    stack = std::make_unique<CacheStack>(*MakeCache(options, &ledger, Clock::System()));
    EXPECT_TRUE(WaitUntilUsable(true));
  }

  CacheStack& operator*() { return *stack; }
  Recordings& recordings() { return *stack->recordings; }
  uint64_t Epoch() { return stack->shared->state().marks.Now().epoch; }
  bool WaitUntilUsable(bool usable) {
    return Eventually([&] { return stack->shared->leases().usable() == usable; });
  }

  StatsLedger ledger{{}, Clock::System()};
  std::unique_ptr<CacheStack> stack;
};

class TwoRecordingServers : public testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    redis_ = std::make_unique<support::RedisProcess>();
    proxy_a_ = std::make_unique<support::FaultProxy>(redis_->Port());
    proxy_b_ = std::make_unique<support::FaultProxy>(redis_->Port());
    a_ = std::make_unique<RecordingServer>(proxy_a_->Url());
    b_ = std::make_unique<RecordingServer>(proxy_b_->Url());
    ASSERT_TRUE(Eventually([this] {
      const support::RedisReply reply = redis_->Command({"PUBSUB", "NUMSUB", keys_.lease_channel()});
      return reply.elements.size() == 2 && reply.elements[1].integer == 2;
    }));
  }

  const RedisKeys keys_{kRecordingsPrefix};
  std::unique_ptr<support::RedisProcess> redis_;
  std::unique_ptr<support::FaultProxy> proxy_a_, proxy_b_;
  std::unique_ptr<RecordingServer> a_, b_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_RECORDING_SERVERS_H_

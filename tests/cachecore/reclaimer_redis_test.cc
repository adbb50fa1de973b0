// What invalidated entries take in Redis is given back, and nothing else is touched.
#include <future>

#include "cachecore/reclaimer.h"
#include "gtest/gtest.h"
#include "tests/cachecore/redis_stack.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

class ReclaimerTest : public testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    replica_ = std::make_unique<Replica>(SharedOptions(server_->Url(), "reclaim*:"), &ledger_, Clock::System());
    ASSERT_TRUE(replica_->WaitUntilUsable());
    options_.deployment = *redis::Deployment::Parse(server_->Url());
    client_ = redis::Client::Create(options_, {});
  }

  int64_t EntriesInRedis() {
    std::promise<int64_t> answered;
    client_->Send(redis::Lane::kControl, redis::Command({"KEYS", "*}:e"}), absl::Seconds(5),
                  [&](absl::StatusOr<redis::Reply> reply) {
                    answered.set_value(reply.ok() ? static_cast<int64_t>(reply->elements.size()) : -1);
                  });
    return answered.get_future().get();
  }

  StatsLedger ledger_{{}, Clock::System()};
  redis::ClientOptions options_;
  std::unique_ptr<support::RedisProcess> server_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<redis::Client> client_;
};

TEST_F(ReclaimerTest, GivesBackWhatATagNamesAndKeepsTheRest) {
  for (int question = 0; question < 500; ++question) {
    const Answer answer{.question = question, .tags = {question % 2 == 0 ? "even" : "odd"}};
    ASSERT_TRUE(replica_->Set(answer)->stored_in_shared);
  }
  ASSERT_TRUE(replica_->Set({.ns = "other", .question = 1, .tags = {"even"}}).ok());
  ASSERT_TRUE(Eventually([this] { return EntriesInRedis() == 501; }));
  ASSERT_TRUE(replica_->Invalidate({.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "even"}).ok());
  EXPECT_TRUE(Eventually([this] { return EntriesInRedis() == 251; })) << EntriesInRedis();
  EXPECT_TRUE(Eventually([this] { return replica_->shared().reclaimer().reclaimed() == 250; }));
  EXPECT_TRUE(replica_->Find(1));
  EXPECT_FALSE(replica_->Find(2));
}

TEST_F(ReclaimerTest, ManyRequestsAtOnceAreAsManyWalksAsTheyNeed) {
  for (int i = 0; i < 200; ++i) replica_->shared().reclaimer().Request(absl::StrCat("namespace", i % 100));
  EXPECT_TRUE(Eventually([this] { return replica_->shared().reclaimer().walks() > 0; }));
  EXPECT_LE(replica_->shared().reclaimer().walks(), 200);
}

}  // namespace
}  // namespace paracle::cachecore

// What invalidated entries take in Redis is given back, and nothing else is touched.
#include <future>

#include "cachecore/reclaimer.h"
#include "gtest/gtest.h"
#include "tests/cachecore/redis_stack.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

// In the clear, and sealed.
class ReclaimerTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    SharedTierOptions shared = SharedOptions(server_->Url(), "reclaim*:");
    if (GetParam()) shared.keys = SomeKeys();
    replica_ = std::make_unique<Replica>(shared, &ledger_, Clock::System());
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

TEST_P(ReclaimerTest, GivesBackWhatATagNamesAndKeepsTheRest) {
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

TEST_P(ReclaimerTest, ManyRequestsAtOnceAreAsManyWalksAsTheyNeed) {
  for (int i = 0; i < 200; ++i) replica_->shared().reclaimer().Request(absl::StrCat("namespace", i % 100));
  EXPECT_TRUE(Eventually([this] { return replica_->shared().reclaimer().walks() > 0; }));
  EXPECT_LE(replica_->shared().reclaimer().walks(), 200);
}

TEST_P(ReclaimerTest, LeavesWhatLiesUnderTheKeyOfAnotherQuestion) {
  if (!GetParam()) GTEST_SKIP() << "in the clear, the head says whose it is";
  ASSERT_TRUE(replica_->Set({.question = 1, .tags = {"a"}}).ok());
  const RedisKeys keys("reclaim*:", replica_->shared().state().names);
  const auto key_of = [&keys](int question) {
    return keys.Entry({.ns = "default", .digest = DigestOfQuestion(question)});
  };
  server_->Command({"RENAME", key_of(1), key_of(2)});
  ASSERT_TRUE(replica_->Invalidate({.ns = "default", .kind = Kind::kTag, .digest = {}, .value = "a"}).ok());
  EXPECT_TRUE(Eventually([this] { return replica_->shared().reclaimer().walks() > 0; }));
  EXPECT_EQ(EntriesInRedis(), 1) << "its head does not open there";
  EXPECT_FALSE(replica_->Find(2));
}

INSTANTIATE_TEST_SUITE_P(Keys, ReclaimerTest, testing::Bool(), [](const auto& param) {
  return std::string(param.param ? "Sealed" : "Plain");
});

}  // namespace
}  // namespace paracle::cachecore

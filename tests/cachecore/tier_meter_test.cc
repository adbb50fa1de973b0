#include "cachecore/tier_meter.h"

#include "absl/status/status.h"
#include "cachecore/cache_factory.h"
#include "gtest/gtest.h"

namespace paracle::cachecore {
namespace {

class TierMeterTest : public testing::Test {
 protected:
  int64_t Count(TierOperation operation, TierResult result) const {
    return meter_.Read(Tier::kMemory, operation, result).count;
  }

  void Get(char digest) {
    stack_->cache->Get(IdOf(digest), absl::InfiniteFuture(), [](GetOutcome) {});
  }

  void Set(char digest, std::optional<FillToken> token = std::nullopt) {
    const absl::string_view payload[] = {"answer"};
    EntrySpec spec;
    spec.id = IdOf(digest);
    spec.payload = payload;
    spec.ttl = absl::Hours(1);
    spec.fill_token = token;
    stack_->cache->Set(spec, absl::InfiniteFuture(), [](absl::StatusOr<SetOutcome>) {});
  }

  static CacheOptions OptionsWith(TierMeter* meter) {
    CacheOptions options;
    options.meter = meter;
    return options;
  }

  static EntryId IdOf(char digest) {
    EntryId id;
    id.ns = "ns";
    id.digest.bytes.fill(static_cast<uint8_t>(digest));
    return id;
  }

  StatsLedger ledger_{{}, Clock::System()};
  TierMeter meter_;
  absl::StatusOr<CacheStack> stack_ = MakeCache(OptionsWith(&meter_), &ledger_, Clock::System());
};

TEST_F(TierMeterTest, MemoryAloneCountsWhatItWasAsked) {
  Get('a');
  Set('a');
  Get('a');
  Get('a');
  EXPECT_EQ(Count(TierOperation::kGet, TierResult::kMiss), 1);
  EXPECT_EQ(Count(TierOperation::kGet, TierResult::kHit), 2);
  EXPECT_EQ(Count(TierOperation::kSet, TierResult::kStored), 1);
}

TEST_F(TierMeterTest, AnAnswerThatCameAfterItsInvalidationIsRefused) {
  std::optional<FillToken> begun;
  stack_->cache->Get(IdOf('a'), absl::InfiniteFuture(),
                     [&begun](GetOutcome outcome) { begun = std::get<Miss>(outcome).fill_token; });
  InvalidationTarget everything;
  everything.ns = "ns";
  stack_->cache->Invalidate(everything, false, [](absl::StatusOr<InvalidateOutcome>) {});
  Set('a', begun);
  EXPECT_EQ(Count(TierOperation::kSet, TierResult::kRefused), 1);
  EXPECT_EQ(Count(TierOperation::kSet, TierResult::kStored), 0);
}

TEST(TierTimerTest, WithoutAMeterNothingHappens) {
  const TierTimer timer(nullptr, Tier::kShared, TierOperation::kGet);
  timer.Count(TierResult::kHit);
  timer.CountStored(absl::InternalError("x"));
}

}  // namespace
}  // namespace paracle::cachecore

#include "service/metrics/call_meter.h"

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

TEST(CallMeterTest, ACallIsCountedWhenItBeginsAndWhenItIsOver) {
  CallMeter meter;
  CallTimer timer(&meter, Rpc::kSet);
  EXPECT_EQ(meter.ReadStarted(Rpc::kSet), 1);
  EXPECT_EQ(meter.ReadCodes(Rpc::kSet)[0], 0);
  timer.Finish(CallResult::kStored, 0);
  EXPECT_EQ(meter.ReadCodes(Rpc::kSet)[0], 1);
  EXPECT_EQ(meter.ReadTimes(Rpc::kSet, CallResult::kStored).count, 1);
  EXPECT_EQ(meter.ReadTimes(Rpc::kGet, CallResult::kStored).count, 0);
}

TEST(CallMeterTest, ACodeThatNobodyKnowsIsUnknown) {
  CallMeter meter;
  meter.Finished(Rpc::kGet, CallResult::kError, 1234, absl::Seconds(1));
  meter.Finished(Rpc::kGet, CallResult::kError, -1, absl::Seconds(1));
  EXPECT_EQ(meter.ReadCodes(Rpc::kGet)[2], 2);
}

TEST(CallMeterTest, EntriesOfBatchesAreNoCalls) {
  CallMeter meter;
  meter.CountEntry(Rpc::kBatchGet, CallResult::kHit);
  EXPECT_EQ(meter.ReadEntries(Rpc::kBatchGet)[static_cast<int>(CallResult::kHit)], 1);
  EXPECT_EQ(meter.ReadTimes(Rpc::kBatchGet, CallResult::kHit).count, 0);
}

TEST(CallMeterTest, WithoutAMeterATimerDoesNothing) {
  CallTimer timer(nullptr, Rpc::kGet);
  timer.Finish(0);
}

}  // namespace
}  // namespace paracle::service

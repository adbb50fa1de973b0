#include "service/metrics/call_meter.h"

namespace paracle::service {
namespace {

using cachecore::Buckets;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int64_t kUs = 1'000, kMs = 1'000'000, kSecond = 1'000'000'000;
constexpr int64_t kDay = 24 * 3600;

// Up to what clients wait for somebody else's answer.
constexpr int64_t kTimes[] = {10 * kUs,    25 * kUs,    50 * kUs,     100 * kUs,    250 * kUs,    500 * kUs, 1 * kMs,
                              2500 * kUs,  5 * kMs,     10 * kMs,     25 * kMs,     50 * kMs,     100 * kMs, 250 * kMs,
                              1 * kSecond, 5 * kSecond, 15 * kSecond, 60 * kSecond, 120 * kSecond};
constexpr int64_t kAges[] = {1, 10, 60, 300, 900, 3600, 6 * 3600, kDay, 7 * kDay, 30 * kDay};
constexpr int64_t kSizes[] = {256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20};
static_assert(std::size(kTimes) <= Buckets::kMost);

}  // namespace

Buckets CallMeter::TimeBuckets() { return {kTimes}; }
Buckets CallMeter::HitAgeBuckets() { return {kAges}; }
Buckets CallMeter::EntrySizeBuckets() { return {kSizes}; }

CallMeter::CallMeter() : hit_ages_(HitAgeBuckets()), entry_sizes_(EntrySizeBuckets()) {}

void CallMeter::Started(Rpc rpc) { Of(rpc).counts.Mine().started.fetch_add(1, kRelaxed); }

void CallMeter::Finished(Rpc rpc, CallResult result, int code, absl::Duration took) {
  OfRpc& of = Of(rpc);
  of.counts.Mine().codes[code < 0 || code >= kGrpcCodes ? 2 : code].fetch_add(1, kRelaxed);
  of.times[static_cast<int>(result)].histogram.Record(absl::ToInt64Nanoseconds(took));
}

void CallMeter::CountEntry(Rpc rpc, CallResult result) {
  Of(rpc).counts.Mine().entries[static_cast<int>(result)].fetch_add(1, kRelaxed);
}

int64_t CallMeter::ReadStarted(Rpc rpc) const {
  int64_t sum = 0;
  Of(rpc).counts.ForEach([&sum](const Stripe& stripe) { sum += stripe.started.load(kRelaxed); });
  return sum;
}

std::array<int64_t, kGrpcCodes> CallMeter::ReadCodes(Rpc rpc) const {
  std::array<int64_t, kGrpcCodes> sums{};
  Of(rpc).counts.ForEach([&sums](const Stripe& stripe) {
    for (int i = 0; i < kGrpcCodes; ++i) sums[i] += stripe.codes[i].load(kRelaxed);
  });
  return sums;
}

std::array<int64_t, kCallResults> CallMeter::ReadEntries(Rpc rpc) const {
  std::array<int64_t, kCallResults> sums{};
  Of(rpc).counts.ForEach([&sums](const Stripe& stripe) {
    for (int i = 0; i < kCallResults; ++i) sums[i] += stripe.entries[i].load(kRelaxed);
  });
  return sums;
}

cachecore::HistogramSnapshot CallMeter::ReadTimes(Rpc rpc, CallResult result) const {
  return Of(rpc).times[static_cast<int>(result)].histogram.Read();
}

CallTimer::CallTimer(CallMeter* meter, Rpc rpc) : meter_(meter), rpc_(rpc) {
  if (meter_ == nullptr) return;
  begun_ = std::chrono::steady_clock::now();
  meter_->Started(rpc_);
}

void CallTimer::Finish(CallResult result, int code) {
  if (meter_ == nullptr) return;
  meter_->Finished(rpc_, result, code, absl::FromChrono(std::chrono::steady_clock::now() - begun_));
}

}  // namespace paracle::service

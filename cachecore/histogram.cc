#include "cachecore/histogram.h"

#include <algorithm>

namespace paracle::cachecore {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int64_t kUs = 1'000, kMs = 1'000'000, kSecond = 1'000'000'000;

constexpr int64_t kLatency[] = {10 * kUs,  25 * kUs,   50 * kUs,  100 * kUs,   250 * kUs, 500 * kUs,
                                1 * kMs,   2500 * kUs, 5 * kMs,   10 * kMs,    25 * kMs,  50 * kMs,
                                100 * kMs, 250 * kMs,  500 * kMs, 1 * kSecond, 2500 * kMs};
static_assert(std::size(kLatency) <= Buckets::kMost);

}  // namespace

Buckets Buckets::Latency() { return {kLatency}; }

void HistogramSnapshot::Add(const HistogramSnapshot& other) {
  for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  count += other.count;
  sum += other.sum;
}

void Histogram::Record(int64_t value) {
  value = std::max<int64_t>(value, 0);
  const auto& bounds = buckets_.bounds;
  const size_t bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  Stripe& stripe = stripes_.Mine();
  stripe.counts[bucket].fetch_add(1, kRelaxed);
  stripe.sum.fetch_add(value, kRelaxed);
}

HistogramSnapshot Histogram::Read() const {
  HistogramSnapshot snapshot;
  stripes_.ForEach([&snapshot](const Stripe& stripe) {
    for (size_t i = 0; i < snapshot.counts.size(); ++i) snapshot.counts[i] += stripe.counts[i].load(kRelaxed);
    snapshot.sum += stripe.sum.load(kRelaxed);
  });
  for (const int64_t count : snapshot.counts) snapshot.count += count;
  return snapshot;
}

}  // namespace paracle::cachecore

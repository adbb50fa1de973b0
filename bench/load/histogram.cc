#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace paracle::load {
namespace {

// Values below 2^kSubBits have a bucket each; above, every power of two is cut into 2^(kSubBits-1) buckets.
constexpr int kSubBits = 8;
constexpr int64_t kHalf = int64_t{1} << (kSubBits - 1);
constexpr int64_t kMaxNanos = int64_t{3600} * 1'000'000'000;

int64_t BucketOf(int64_t nanos) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(static_cast<uint64_t>(nanos))) - kSubBits);
  return shift * kHalf + (nanos >> shift);
}

// The largest value of the bucket.
int64_t TopOf(int64_t bucket) {
  if (bucket < 2 * kHalf) return bucket;
  const int64_t shift = bucket / kHalf - 1;
  const int64_t mantissa = bucket - shift * kHalf;
  return ((mantissa + 1) << shift) - 1;
}

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(BucketOf(kMaxNanos) + 1) {}

void LatencyHistogram::RecordNanos(int64_t nanos) {
  nanos = std::max<int64_t>(nanos, 0);
  ++buckets_[BucketOf(std::min(nanos, kMaxNanos))];
  min_nanos_ = count_ == 0 ? nanos : std::min(min_nanos_, nanos);
  max_nanos_ = std::max(max_nanos_, nanos);
  sum_nanos_ += static_cast<double>(nanos);
  ++count_;
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  if (other.count_ == 0) return;
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  min_nanos_ = count_ == 0 ? other.min_nanos_ : std::min(min_nanos_, other.min_nanos_);
  max_nanos_ = std::max(max_nanos_, other.max_nanos_);
  sum_nanos_ += other.sum_nanos_;
  count_ += other.count_;
}

absl::Duration LatencyHistogram::min() const { return absl::Nanoseconds(min_nanos_); }
absl::Duration LatencyHistogram::max() const { return absl::Nanoseconds(max_nanos_); }
absl::Duration LatencyHistogram::mean() const {
  return count_ == 0 ? absl::ZeroDuration() : absl::Nanoseconds(sum_nanos_ / static_cast<double>(count_));
}

absl::Duration LatencyHistogram::Percentile(double percent) const {
  if (count_ == 0) return absl::ZeroDuration();
  // The tiny reduction keeps 99.9 % of 1,000 at rank 999, which binary fractions would push to 1,000.
  const double exact_rank = percent / 100 * static_cast<double>(count_) * (1 - 1e-12);
  const int64_t rank = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(exact_rank)), 1, count_);
  int64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank && i + 1 < buckets_.size()) {
      return absl::Nanoseconds(std::clamp(TopOf(static_cast<int64_t>(i)), min_nanos_, max_nanos_));
    }
  }
  return absl::Nanoseconds(max_nanos_);
}

int64_t LatencyHistogram::CountAtMost(absl::Duration limit) const {
  const int64_t nanos = absl::ToInt64Nanoseconds(limit);
  if (nanos < 0) return 0;
  if (nanos >= max_nanos_) return count_;
  int64_t seen = 0;
  for (int64_t i = 0; i <= BucketOf(std::min(nanos, kMaxNanos)); ++i) seen += buckets_[i];
  return seen;
}

}  // namespace paracle::load

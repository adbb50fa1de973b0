// TierMeter counts and times what each tier was asked, for whoever watches the tiers.
//
// Thread-safe; counting takes no lock (histogram.h). Knows nothing of how the counts are shown.
#ifndef PARACLE_CACHECORE_TIER_METER_H_
#define PARACLE_CACHECORE_TIER_METER_H_

#include <array>
#include <chrono>
#include <cstdint>

#include "absl/status/statusor.h"
#include "cachecore/cache.h"
#include "cachecore/histogram.h"

namespace paracle::cachecore {

enum class TierOperation { kGet, kSet };

enum class TierResult {
  kHit,
  kMiss,
  kStored,
  kRefused,  // It was invalidated meanwhile, or the lease is lost.
  kDropped,  // There was no room for it.
  kSkipped,  // The tier was not asked: it is away, or its invalidations are not known.
  kFailed,   // It did not answer in time, or with an error.
};
inline constexpr int kTierResults = 7;

class TierMeter {
 public:
  void Count(Tier tier, TierOperation operation, TierResult result, int64_t nanos) {
    Of(tier, operation, result).Record(nanos);
  }

  // Durations in nanoseconds.
  HistogramSnapshot Read(Tier tier, TierOperation operation, TierResult result) const {
    return const_cast<TierMeter*>(this)->Of(tier, operation, result).Read();
  }

  // The precise clock of the machine: that of the cache may lag by more than what is timed here takes.
  static int64_t NowNanos() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }

 private:
  static constexpr int kHistograms = 2 * 2 * kTierResults;

  Histogram& Of(Tier tier, TierOperation operation, TierResult result) {
    const int pair = static_cast<int>(tier) * 2 + static_cast<int>(operation);
    return histograms_[pair * kTierResults + static_cast<int>(result)].histogram;
  }

  // An array of what has no default constructor.
  struct Timed {
    Histogram histogram{Buckets::Latency()};
  };

  std::array<Timed, kHistograms> histograms_;
};

// One request to a tier, from here to Count. Costs nothing without a meter. Copied into callbacks.
class TierTimer {
 public:
  TierTimer(TierMeter* meter, Tier tier, TierOperation operation)
      : meter_(meter), begun_(meter != nullptr ? TierMeter::NowNanos() : 0), tier_(tier), operation_(operation) {}

  void Count(TierResult result) const {
    if (meter_ != nullptr) meter_->Count(tier_, operation_, result, TierMeter::NowNanos() - begun_);
  }

  // Of a Set on the memory tier.
  void CountStored(const absl::StatusOr<SetOutcome>& outcome) const;

 private:
  TierMeter* meter_;
  int64_t begun_;
  Tier tier_;
  TierOperation operation_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_TIER_METER_H_

// CallMeter counts and times calls, and the entries of batches, whatever their handlers do.
//
// Thread-safe; counting takes no lock and shares no cache line between threads. Knows nothing of how the counts are
// shown.
#ifndef PARACLE_SERVICE_METRICS_CALL_METER_H_
#define PARACLE_SERVICE_METRICS_CALL_METER_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "absl/time/time.h"
#include "cachecore/histogram.h"
#include "cachecore/striped.h"
#include "service/metrics/rpc.h"

namespace paracle::service {

class CallMeter {
 public:
  CallMeter();

  void Started(Rpc rpc);

  // `code` is a gRPC status code.
  void Finished(Rpc rpc, CallResult result, int code, absl::Duration took);

  // One entry of a batch.
  void CountEntry(Rpc rpc, CallResult result);

  void RecordHitAge(absl::Duration age) { hit_ages_.Record(absl::ToInt64Seconds(age)); }
  void RecordEntrySize(int64_t payload_bytes) { entry_sizes_.Record(payload_bytes); }

  int64_t ReadStarted(Rpc rpc) const;
  std::array<int64_t, kGrpcCodes> ReadCodes(Rpc rpc) const;
  std::array<int64_t, kCallResults> ReadEntries(Rpc rpc) const;
  // Nanoseconds.
  cachecore::HistogramSnapshot ReadTimes(Rpc rpc, CallResult result) const;
  cachecore::HistogramSnapshot ReadHitAges() const { return hit_ages_.Read(); }        // Seconds.
  cachecore::HistogramSnapshot ReadEntrySizes() const { return entry_sizes_.Read(); }  // Bytes.

  // Bounds of the three.
  static cachecore::Buckets TimeBuckets();
  static cachecore::Buckets HitAgeBuckets();
  static cachecore::Buckets EntrySizeBuckets();

 private:
  using Counter = std::atomic<int64_t>;

  struct Stripe {
    Counter started{0};
    std::array<Counter, kGrpcCodes> codes{};
    std::array<Counter, kCallResults> entries{};
  };

  struct Times {
    cachecore::Histogram histogram{TimeBuckets()};
  };

  struct OfRpc {
    cachecore::Striped<Stripe> counts;
    std::array<Times, kCallResults> times;
  };

  OfRpc& Of(Rpc rpc) { return rpcs_[static_cast<int>(rpc)]; }
  const OfRpc& Of(Rpc rpc) const { return rpcs_[static_cast<int>(rpc)]; }

  std::array<OfRpc, kRpcs> rpcs_;
  cachecore::Histogram hit_ages_;
  cachecore::Histogram entry_sizes_;
};

// One call, from here to Finish. Costs nothing without a meter.
class CallTimer {
 public:
  CallTimer(CallMeter* meter, Rpc rpc);

  // Once. The first says what came of it beyond its status.
  void Finish(CallResult result, int code);
  void Finish(int code) { Finish(ResultOfCode(code), code); }

 private:
  CallMeter* const meter_;
  const Rpc rpc_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_CALL_METER_H_

// The workloads of a load test: storing the keys before it, the mix of Gets and Sets, and the miss path.
//
// Not thread-safe.
#ifndef PARACLE_BENCH_LOAD_WORKLOADS_H_
#define PARACLE_BENCH_LOAD_WORKLOADS_H_

#include <vector>

#include "absl/status/status.h"
#include "bench/load/answer_reader.h"
#include "bench/load/load_options.h"
#include "bench/load/load_report.h"
#include "bench/load/payloads.h"
#include "bench/load/random.h"
#include "bench/load/request_writer.h"
#include "bench/load/workload.h"
#include "bench/load/zipf.h"

namespace paracle::load {

// Stores keys 0, 1, 2...
class PopulateWorkload : public Workload {
 public:
  explicit PopulateWorkload(const RequestWriter* writer) : writer_(writer) {}

  void Start(GrpcCall& call) override;
  bool Finish(GrpcCall& call, int64_t latency_nanos) override;

  // The first error.
  const absl::Status& status() const { return status_; }

 private:
  const RequestWriter* writer_;
  uint64_t next_ = 0;
  absl::Status status_;
};

// Gets and Sets by digest, single or in batches, Zipf keys.
class MixWorkload : public Workload {
 public:
  // All but `options`, which is copied, must outlive it.
  MixWorkload(const LoadOptions& options, const RequestWriter* writer, const Payloads* payloads);

  // Where outcomes are counted from now on.
  void CountInto(LoadReport* report) { report_ = report; }

  void Start(GrpcCall& call) override;
  bool Finish(GrpcCall& call, int64_t latency_nanos) override;

 private:
  uint64_t DrawKey(bool set);
  void CountLookup(uint64_t key, const LookupAnswer& answer);
  bool CountAnswers(const GrpcCall& call);

  LoadOptions options_;
  const RequestWriter* writer_;
  const Payloads* payloads_;
  Zipf zipf_;
  Random random_;
  LoadReport* report_ = nullptr;
  std::vector<LookupAnswer> answers_;
};

// LoadMode::kMissPath. An operation is a Get that misses and the Set that follows; its latency is of both together.
class MissPathWorkload : public Workload {
 public:
  explicit MissPathWorkload(const RequestWriter* writer) : writer_(writer) {}

  void CountInto(LoadReport* report) { report_ = report; }

  void Start(GrpcCall& call) override;
  bool Finish(GrpcCall& call, int64_t latency_nanos) override;

 private:
  const RequestWriter* writer_;
  LoadReport* report_ = nullptr;
  uint64_t next_ = 0;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_WORKLOADS_H_

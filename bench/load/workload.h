// Workload decides what the calls of a load test ask and what their answers mean. The engine decides when and where.
#ifndef PARACLE_BENCH_LOAD_WORKLOAD_H_
#define PARACLE_BENCH_LOAD_WORKLOAD_H_

#include "bench/load/grpc_call.h"

namespace paracle::load {

class Workload {
 public:
  virtual ~Workload() = default;

  // Writes the first request of a new operation into `call`.
  virtual void Start(GrpcCall& call) = 0;

  // Reads the answer of a call that ended, OK or not. True: the operation is not over, `call` holds its next request.
  // `latency_nanos` is from when the operation was due until now.
  virtual bool Finish(GrpcCall& call, int64_t latency_nanos) = 0;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_WORKLOAD_H_

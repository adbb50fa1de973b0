#include "service/metrics/call_collector.h"

namespace paracle::service {
namespace {

constexpr double kNano = 1e-9;
constexpr CallResult kBatchResults[] = {CallResult::kOk,     CallResult::kRefused, CallResult::kRejected,
                                        CallResult::kDenied, CallResult::kInvalid, CallResult::kError};
constexpr Rpc kWrites[] = {Rpc::kSet, Rpc::kBatchSet, Rpc::kRecord};

template <typename Visit>
void ForEachRpc(Visit visit) {
  for (int i = 0; i < kRpcs; ++i) visit(static_cast<Rpc>(i), FactsOf(static_cast<Rpc>(i)));
}

// An entry of a batch counts as a call of its own does.
int64_t CountOf(const CallMeter& meter, Rpc rpc, CallResult result) {
  if (FactsOf(rpc).batch) return meter.ReadEntries(rpc)[static_cast<int>(result)];
  return meter.ReadTimes(rpc, result).count;
}

void CollectRequests(const CallMeter& meter, Families& families) {
  families.Counter("paracle_cache_requests_total",
                   "Questions and answers by what came of them; of batches, each entry.");
  ForEachRpc([&](Rpc rpc, const RpcFacts& facts) {
    for (const CallResult result : facts.results) {
      families.Add({{"operation", facts.operation}, {"result", ResultName(result)}},
                   static_cast<double>(CountOf(meter, rpc, result)));
    }
  });
  families.Histogram("paracle_cache_request_duration_seconds",
                     "From the arrival of a request to the hand-over of its answer; of batches, as a whole.");
  ForEachRpc([&](Rpc rpc, const RpcFacts& facts) {
    if (facts.operation.empty()) return;
    for (const CallResult result : facts.batch ? absl::Span<const CallResult>(kBatchResults) : facts.results) {
      families.Add({{"operation", facts.operation}, {"result", ResultName(result)}}, meter.ReadTimes(rpc, result),
                   CallMeter::TimeBuckets(), kNano);
    }
  });
}

void CollectWrites(const CallMeter& meter, Families& families) {
  families.Counter("paracle_cache_writes_total", "Answers that were to be stored, by Set, BatchSet or Record.");
  for (const CallResult result : FactsOf(Rpc::kSet).results) {
    int64_t count = 0;
    for (const Rpc rpc : kWrites) count += CountOf(meter, rpc, result);
    families.Add({{"result", ResultName(result)}}, static_cast<double>(count));
  }
  families.Histogram("paracle_cache_entry_size_bytes", "Payloads that were to be stored.");
  families.Add({}, meter.ReadEntrySizes(), CallMeter::EntrySizeBuckets(), 1);
  families.Histogram("paracle_cache_hit_age_seconds", "How long ago the answer of a hit was made.");
  families.Add({}, meter.ReadHitAges(), CallMeter::HitAgeBuckets(), 1);
}

Labels GrpcLabels(const RpcFacts& facts) {
  return {{"grpc_type", facts.type}, {"grpc_service", facts.service}, {"grpc_method", facts.method}};
}

void CollectGrpc(const CallMeter& meter, Families& families) {
  families.Counter("grpc_server_started_total", "Calls that have begun.");
  ForEachRpc([&](Rpc rpc, const RpcFacts& facts) {
    families.Add(GrpcLabels(facts), static_cast<double>(meter.ReadStarted(rpc)));
  });
  families.Counter("grpc_server_handled_total", "Calls that were answered, by status code.");
  ForEachRpc([&](Rpc rpc, const RpcFacts& facts) {
    const auto codes = meter.ReadCodes(rpc);
    for (int code = 0; code < kGrpcCodes; ++code) {
      Labels labels = GrpcLabels(facts);
      labels.push_back({"grpc_code", CodeName(code)});
      families.Add(labels, static_cast<double>(codes[code]));
    }
  });
  families.Histogram("grpc_server_handling_seconds", "From the arrival of a call to its status.");
  ForEachRpc([&](Rpc rpc, const RpcFacts& facts) {
    cachecore::HistogramSnapshot all;
    for (int result = 0; result < kCallResults; ++result)
      all.Add(meter.ReadTimes(rpc, static_cast<CallResult>(result)));
    families.Add(GrpcLabels(facts), all, CallMeter::TimeBuckets(), kNano);
  });
}

}  // namespace

void CollectCalls(const CallMeter& meter, Families& families) {
  CollectRequests(meter, families);
  CollectWrites(meter, families);
  CollectGrpc(meter, families);
}

}  // namespace paracle::service

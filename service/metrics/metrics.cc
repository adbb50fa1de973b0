#include "service/metrics/metrics.h"

#include <sstream>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "prometheus/text_serializer.h"
#include "service/metrics/cache_collector.h"
#include "service/metrics/call_collector.h"
#include "service/metrics/families.h"
#include "service/metrics/process_metrics.h"
#include "service/metrics/tier_collector.h"
#include "service/version.h"

namespace paracle::service {
namespace {

void CollectBuild(Families& families) {
  families.Gauge("paracle_cache_build_info", "1, with what is running.");
  families.Add({{"version", Version()}, {"grpc_version", grpc::Version()}}, 1);
}

}  // namespace

Metrics::Metrics(const Served& served, const cachecore::TierMeter* tiers, const ConnectionMeter* connections,
                 std::string backend, const MetricLabels& labels, WatchedFiles files)
    : served_(served),
      tiers_(*tiers),
      connections_(*connections),
      backend_(std::move(backend)),
      files_(std::move(files)),
      models_(labels.models),
      namespaces_(labels.namespaces) {}

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
  Families families;
  CollectBuild(families);
  CollectCalls(*served_.meter, families);
  CollectUsage(served_.cache->GetUsage(), families);
  CollectLedger(*served_.ledger, models_, namespaces_, families);
  CollectLeases(served_, families);
  CollectTiers(tiers_, served_.shared != nullptr, families);
  if (served_.shared != nullptr) CollectBackend(backend_, *served_.shared, families);
  connections_.Collect(families);
  if (files_ != nullptr) CollectFiles(files_(), families);
  CollectProcess(families);
  return families.Take();
}

std::string Metrics::Text() const {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, Collect());
  return std::move(text).str();
}

}  // namespace paracle::service

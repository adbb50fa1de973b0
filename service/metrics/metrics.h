// Metrics is everything that this server tells Prometheus. Gathered when it is asked for, from what others count;
// docs/metrics.md lists it.
#ifndef PARACLE_SERVICE_METRICS_METRICS_H_
#define PARACLE_SERVICE_METRICS_METRICS_H_

#include <memory>
#include <string>
#include <vector>

#include "cachecore/tier_meter.h"
#include "prometheus/collectable.h"
#include "service/metrics/call_meter.h"
#include "service/metrics/connection_meter.h"
#include "service/metrics/file_collector.h"
#include "service/metrics/label_limiter.h"
#include "service/served.h"

namespace paracle::service {

// Values of labels that callers choose; empty: the first that come (label_limiter.h).
struct MetricLabels {
  std::vector<std::string> models;
  std::vector<std::string> namespaces;
};

class Metrics final : public prometheus::Collectable {
 public:
  // What is pointed to outlives it; `served.meter` is not null.
  Metrics(const Served& served, const cachecore::TierMeter* tiers, const ConnectionMeter* connections,
          std::string backend, const MetricLabels& labels, WatchedFiles files);

  // Thread-safe.
  std::vector<prometheus::MetricFamily> Collect() const override;

  // The same as Prometheus's text format, 0.0.4. Thread-safe.
  std::string Text() const;

 private:
  const Served served_;
  const cachecore::TierMeter& tiers_;
  const ConnectionMeter& connections_;
  const std::string backend_;
  const WatchedFiles files_;
  mutable LabelLimiter models_;
  mutable LabelLimiter namespaces_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_METRICS_H_

// Families builds what Prometheus reads, family by family: a family's samples are added one after the other.
//
// Names and labels are constants of ours but for values, which the serializer escapes and which label_limiter.h bounds.
// Not thread-safe.
#ifndef PARACLE_SERVICE_METRICS_FAMILIES_H_
#define PARACLE_SERVICE_METRICS_FAMILIES_H_

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "cachecore/histogram.h"
#include "prometheus/metric_family.h"

namespace paracle::service {

using Labels = std::vector<std::pair<absl::string_view, absl::string_view>>;

class Families {
 public:
  // Begins a family; what is added goes there.
  void Counter(absl::string_view name, absl::string_view help);
  void Gauge(absl::string_view name, absl::string_view help);
  void Histogram(absl::string_view name, absl::string_view help);

  // REQUIRES: the family has samples of that kind; no two of a family have the same labels.
  void Add(const Labels& labels, double value);
  // `unit`: what one of the recorded values is in the unit of the family, as 1e-9 for nanoseconds.
  void Add(const Labels& labels, const cachecore::HistogramSnapshot& counts, cachecore::Buckets buckets, double unit);

  // Families of a single sample without labels.
  void Counter(absl::string_view name, absl::string_view help, double value);
  void Gauge(absl::string_view name, absl::string_view help, double value);

  std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  void Begin(absl::string_view name, absl::string_view help, prometheus::MetricType type);
  prometheus::ClientMetric& NewSample(const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_FAMILIES_H_

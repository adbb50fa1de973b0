#include "service/metrics/families.h"

#include <limits>

namespace paracle::service {

using prometheus::MetricType;

void Families::Begin(absl::string_view name, absl::string_view help, MetricType type) {
  families_.push_back({std::string(name), std::string(help), type, {}});
}

void Families::Counter(absl::string_view name, absl::string_view help) { Begin(name, help, MetricType::Counter); }
void Families::Gauge(absl::string_view name, absl::string_view help) { Begin(name, help, MetricType::Gauge); }
void Families::Histogram(absl::string_view name, absl::string_view help) { Begin(name, help, MetricType::Histogram); }

void Families::Counter(absl::string_view name, absl::string_view help, double value) {
  Counter(name, help);
  Add({}, value);
}

void Families::Gauge(absl::string_view name, absl::string_view help, double value) {
  Gauge(name, help);
  Add({}, value);
}

prometheus::ClientMetric& Families::NewSample(const Labels& labels) {
  prometheus::ClientMetric& sample = families_.back().metric.emplace_back();
  sample.label.reserve(labels.size());
  for (const auto& [name, value] : labels) sample.label.push_back({std::string(name), std::string(value)});
  return sample;
}

void Families::Add(const Labels& labels, double value) {
  prometheus::ClientMetric& sample = NewSample(labels);
  sample.counter.value = value;
  sample.gauge.value = value;
}

void Families::Add(const Labels& labels, const cachecore::HistogramSnapshot& counts, cachecore::Buckets buckets,
                   double unit) {
  prometheus::ClientMetric::Histogram& histogram = NewSample(labels).histogram;
  histogram.sample_count = static_cast<uint64_t>(counts.count);
  histogram.sample_sum = static_cast<double>(counts.sum) * unit;
  uint64_t below = 0;
  for (size_t i = 0; i < buckets.bounds.size(); ++i) {
    below += static_cast<uint64_t>(counts.counts[i]);
    histogram.bucket.push_back({below, static_cast<double>(buckets.bounds[i]) * unit});
  }
  histogram.bucket.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
}

}  // namespace paracle::service

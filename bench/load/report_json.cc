#include <nlohmann/json.hpp>
#include <optional>

#include "bench/load/load_report.h"

namespace paracle::load {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json Latency(const LatencyHistogram& histogram) {
  Json json = {{"count", histogram.count()}};
  const bool known = histogram.count() > 0;
  const auto put = [&](const char* name, absl::Duration time) {
    json[name] = known ? Json(absl::ToDoubleSeconds(time)) : Json(nullptr);
  };
  put("min", histogram.min());
  put("mean", histogram.mean());
  put("p50", histogram.Percentile(50));
  put("p90", histogram.Percentile(90));
  put("p95", histogram.Percentile(95));
  put("p99", histogram.Percentile(99));
  put("p99_9", histogram.Percentile(99.9));
  put("p99_99", histogram.Percentile(99.99));
  put("max", histogram.max());
  return json;
}

Json Options(const LoadOptions& options) {
  return {{"endpoint", options.endpoint},
          {"namespace", options.name_space},
          {"mode", options.mode == LoadMode::kMissPath ? "miss_path" : "mix"},
          {"loop", options.rate > 0 ? "open" : "closed"},
          {"rate_per_second", options.rate > 0 ? Json(options.rate) : Json(nullptr)},
          {"connections", options.connections},
          {"concurrency", options.concurrency},
          {"set_get_ratio", options.ratio.ToString()},
          {"value_size_bytes", options.value_sizes.ToString()},
          {"keyspace", options.keyspace},
          {"zipf_exponent", options.zipf_exponent},
          {"hit_ratio", options.hit_ratio},
          {"batch_size", options.batch_size},
          {"warmup_seconds", absl::ToDoubleSeconds(options.warmup)},
          {"call_timeout_seconds", absl::ToDoubleSeconds(options.call_timeout)},
          {"seed", options.seed}};
}

Json Thresholds(const LoadReport& report) {
  Json json = Json::array();
  for (const ThresholdResult& result : report.thresholds) {
    json.push_back({{"threshold", result.threshold.text},
                    {"met", result.met},
                    {"actual", result.known ? Json(result.actual) : Json(nullptr)}});
  }
  return json;
}

}  // namespace

std::string ReportJson(const LoadReport& report) {
  const bool any = report.requests > 0;
  Json json = {
      {"schema_version", 1},
      {"kind", "BenchmarkReport"},
      {"name", report.options.name},
      {"start_time", absl::FormatTime(absl::RFC3339_full, report.start_time, absl::UTCTimeZone())},
      {"elapsed_seconds", absl::ToDoubleSeconds(report.elapsed)},
      {"options", Options(report.options)},
      {"requests", report.requests},
      {"requests_per_second", report.requests_per_second()},
      {"entries", report.entries},
      {"hits", report.hits},
      {"misses", report.misses},
      {"hit_ratio", OrNull(report.hit_ratio())},
      {"sets", report.sets},
      {"lost", report.lost},
      {"wrong", report.wrong},
      {"errors", report.errors},
      {"entry_errors", report.entry_errors},
      {"unsent", report.unsent},
      {"error_rate", OrNull(report.error_rate())},
      {"reconnects", report.reconnects},
      {"sent_bytes", report.bytes_sent},
      {"received_bytes", report.bytes_received},
      {"latency_seconds", Latency(report.latency)},
      {"get_latency_seconds", Latency(report.get_latency)},
      {"set_latency_seconds", Latency(report.set_latency)},
      {"statuses", Json(report.statuses)},
      {"error_messages", Json(report.error_messages)},
      {"generator_cpu_seconds", absl::ToDoubleSeconds(report.generator_cpu)},
      {"generator_cpu_seconds_per_request",
       any ? Json(absl::ToDoubleSeconds(report.generator_cpu) / static_cast<double>(report.requests)) : Json(nullptr)},
      {"interrupted", report.interrupted},
      {"aborted", report.aborted.empty() ? Json(nullptr) : Json(report.aborted)},
      {"left_behind", report.left_behind.empty() ? Json(nullptr) : Json(report.left_behind)},
      {"thresholds", Thresholds(report)},
      {"thresholds_met", report.thresholds_met()},
  };
  // Messages come from servers, which may send anything.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace paracle::load

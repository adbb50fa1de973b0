#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/load/load_report.h"

namespace paracle::load {
namespace {

constexpr double kPercents[] = {50, 90, 95, 99, 99.9, 99.99};

// Three significant digits in the unit that suits.
std::string Time(absl::Duration time) {
  const double nanos = absl::ToDoubleNanoseconds(time);
  if (nanos < 1e6) return absl::StrFormat("%.3g us", nanos / 1e3);
  if (nanos < 1e9) return absl::StrFormat("%.3g ms", nanos / 1e6);
  return absl::StrFormat("%.4g s", nanos / 1e9);
}

std::string Bytes(double bytes) {
  if (bytes >= 1 << 30) return absl::StrFormat("%.2f GiB", bytes / (1 << 30));
  if (bytes >= 1 << 20) return absl::StrFormat("%.1f MiB", bytes / (1 << 20));
  return absl::StrFormat("%.1f KiB", bytes / (1 << 10));
}

void Line(std::string& out, absl::string_view label, absl::string_view value) {
  absl::StrAppendFormat(&out, "  %-22s %s\n", absl::StrCat(label, ":"), value);
}

std::string LoopText(const LoadOptions& options) {
  std::string text = options.mode == LoadMode::kMissPath ? "miss path (Get by key, then Set), " : "";
  absl::StrAppend(&text, options.connections, options.connections == 1 ? " connection, " : " connections, ",
                  options.concurrency, " in flight, ");
  if (options.rate == 0) return text + "closed loop";
  return text + absl::StrFormat("open loop at %.6g/s (latency from when each was due)", options.rate);
}

std::string MixText(const LoadOptions& options) {
  std::string text = absl::StrCat("values of ", options.value_sizes.ToString(), " bytes");
  if (options.value_sizes.ToString() == "recorded") text = "values as long as recorded answers";
  if (options.mode == LoadMode::kMissPath) return text;
  absl::StrAppendFormat(&text, ", set:get %s, %d keys, Zipf %.3g", options.ratio.ToString(), options.keyspace,
                        options.zipf_exponent);
  if (options.hit_ratio < 1) absl::StrAppendFormat(&text, ", hit ratio aimed at %.3g", options.hit_ratio);
  if (options.batch_size > 1) absl::StrAppend(&text, ", batches of ", options.batch_size);
  return text;
}

void AppendSummary(std::string& out, const LoadReport& report) {
  absl::StrAppend(&out, "Summary:\n");
  if (!report.options.name.empty()) Line(out, "Name", report.options.name);
  Line(out, "Endpoint", report.options.endpoint);
  Line(out, "Load", LoopText(report.options));
  Line(out, "Mix", MixText(report.options));
  Line(out, "Total requests", absl::StrCat(report.requests));
  if (report.options.batch_size > 1) Line(out, "Entries", absl::StrCat(report.entries));
  if (const auto ratio = report.hit_ratio()) {
    Line(out, "Hits",
         absl::StrFormat("%d (%.1f%% of %d lookups)", report.hits, *ratio * 100, report.hits + report.misses));
  }
  if (report.sets > 0) Line(out, "Sets", absl::StrCat(report.sets));
  Line(out, "Total time", absl::StrFormat("%.3f s", absl::ToDoubleSeconds(report.elapsed)));
  if (report.latency.count() > 0) Line(out, "Average per request", Time(report.latency.mean()));
  Line(out, "Requests per second", absl::StrFormat("%.1f", report.requests_per_second()));
  const double seconds = std::max(absl::ToDoubleSeconds(report.elapsed), 1e-9);
  Line(out, "Received", Bytes(static_cast<double>(report.bytes_received) / seconds) + "/s");
  Line(out, "Sent", Bytes(static_cast<double>(report.bytes_sent) / seconds) + "/s");
  if (report.requests > 0) {
    Line(out, "Generator CPU", Time(report.generator_cpu / report.requests) + " per request");
  }
}

void AppendLatency(std::string& out, const LoadReport& report) {
  if (report.latency.count() == 0) return;
  absl::StrAppend(&out, "\nLatency distribution:\n");
  for (double percent : kPercents) {
    absl::StrAppendFormat(&out, "  p%-6s in %s\n", absl::StrFormat("%g", percent),
                          Time(report.latency.Percentile(percent)));
  }
  absl::StrAppendFormat(&out, "  slowest %s, fastest %s\n", Time(report.latency.max()), Time(report.latency.min()));
  if (report.get_latency.count() == 0 || report.set_latency.count() == 0) return;
  absl::StrAppendFormat(&out, "  gets p50 %s, p99 %s; sets p50 %s, p99 %s\n", Time(report.get_latency.Percentile(50)),
                        Time(report.get_latency.Percentile(99)), Time(report.set_latency.Percentile(50)),
                        Time(report.set_latency.Percentile(99)));
}

void AppendStatuses(std::string& out, const LoadReport& report) {
  if (!report.statuses.empty()) absl::StrAppend(&out, "\nStatus codes:\n");
  for (const auto& [name, count] : report.statuses) absl::StrAppendFormat(&out, "  %-22s %d\n", name, count);
  if (!report.error_messages.empty()) absl::StrAppend(&out, "\nErrors:\n");
  for (const auto& [text, count] : report.error_messages) absl::StrAppendFormat(&out, "  %d x %s\n", count, text);
}

void AppendThresholds(std::string& out, const LoadReport& report) {
  if (!report.thresholds.empty()) absl::StrAppend(&out, "\nThresholds:\n");
  for (const ThresholdResult& result : report.thresholds) {
    const Threshold::Metric metric = result.threshold.metric;
    const bool time = metric == Threshold::Metric::kPercentile || metric == Threshold::Metric::kMean ||
                      metric == Threshold::Metric::kMax;
    const std::string actual = !result.known ? "unknown"
                               : time        ? Time(absl::Seconds(result.actual))
                                             : absl::StrFormat("%.6g", result.actual);
    absl::StrAppendFormat(&out, "  [%s] %s (was %s)\n", result.met ? "OK" : "MISSED", result.threshold.text, actual);
  }
}

// What a reader must not overlook.
void AppendWarnings(std::string& out, const LoadReport& report) {
  std::string text;
  if (report.interrupted) absl::StrAppend(&text, "  interrupted: the figures are of a part of the test\n");
  if (!report.aborted.empty()) absl::StrAppend(&text, "  gave up early: ", report.aborted, "\n");
  if (report.wrong > 0) absl::StrAppend(&text, "  ", report.wrong, " WRONG ANSWERS: hits with another key's payload\n");
  if (report.lost > 0) {
    absl::StrAppend(&text, "  ", report.lost, " misses of keys that had been stored: the server keeps fewer than ",
                    report.options.keyspace, " entries of this size\n");
  }
  if (report.entry_errors > 0) absl::StrAppend(&text, "  ", report.entry_errors, " entries of batches failed\n");
  if (report.unsent > 0) {
    absl::StrAppend(&text, "  ", report.unsent, " requests were due but never sent: the rate was not reached\n");
  }
  if (report.errors > 0) absl::StrAppend(&text, "  latencies are of the requests that ended OK\n");
  if (report.reconnects > 0) absl::StrAppend(&text, "  ", report.reconnects, " reconnects\n");
  if (!report.left_behind.empty()) {
    absl::StrAppend(&text, "  namespace ", report.options.name_space, " was not cleared: ", report.left_behind, "\n");
  }
  if (!text.empty()) absl::StrAppend(&out, "\nNotes:\n", text);
}

}  // namespace

std::string ReportText(const LoadReport& report) {
  std::string out;
  AppendSummary(out, report);
  AppendLatency(out, report);
  AppendStatuses(out, report);
  AppendThresholds(out, report);
  AppendWarnings(out, report);
  return out;
}

}  // namespace paracle::load

// paracle-loadtest: the load engine as a program, with the modes that `paracle cache benchmark` leaves out and, if you
// like, a server of its own. bench/README.md explains the report.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/load/load_test.h"
#include "bench/server_process.h"

namespace paracle::load {
namespace {

constexpr int kExitUsage = 1;
constexpr int kExitCannotConnect = 2;
constexpr int kExitRpcFailed = 3;
constexpr int kExitInterrupted = 130;

std::atomic<bool> stop_asked = false;

struct Flags {
  LoadOptions options;
  std::string duration, warmup, call_timeout, value_size, ratio, mode = "mix", format = "text", server;
  std::vector<std::string> thresholds;
  std::vector<std::string> server_flags;
};

void AddFlags(CLI::App& app, Flags& flags) {
  LoadOptions& options = flags.options;
  app.add_option("--endpoint", options.endpoint, "HOST:PORT, dns:///HOST:PORT or unix:/path")->capture_default_str();
  app.add_option("--start-server", flags.server, "Program of a server to start for this test, instead of --endpoint");
  app.add_option("--server-flag", flags.server_flags, "Flag for that server, such as --max-size=0; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--namespace", options.name_space, "Must be empty; cleared afterwards (default: one of its own)");
  app.add_option("--mode", flags.mode, "mix, or miss-path: Get by question, then Set, one latency for both")
      ->check(CLI::IsMember({"mix", "miss-path"}))
      ->capture_default_str();
  app.add_option("-n,--requests", options.requests, "Operations (default 10000, unless --duration)");
  app.add_option("-z,--duration", flags.duration, "Instead of --requests, such as 30s");
  app.add_option("--warmup", flags.warmup, "The same load before it, not counted");
  app.add_option("-c,--concurrency", options.concurrency, "Calls in flight in all")->capture_default_str();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("-r,--rate", options.rate, "Operations per second, open loop (default: closed loop)");
  app.add_option("--ratio", flags.ratio, "SETS:GETS (default 1:10)");
  app.add_option("--value-size", flags.value_size, "4096, 4KiB, 1KiB-64KiB or recorded");
  app.add_option("--keyspace", options.keyspace, "Entries stored before the test")->capture_default_str();
  app.add_option("--zipf", options.zipf_exponent, "How uneven keys are asked for, 0 to 5")->capture_default_str();
  app.add_option("--hit-ratio", options.hit_ratio, "Share of Gets for stored keys")->capture_default_str();
  app.add_option("--batch", options.batch_size, "Entries per call, 1 to 256")->capture_default_str();
  app.add_option("--seed", options.seed, "Same seed, same sequence")->capture_default_str();
  app.add_option("--timeout", flags.call_timeout, "Deadline of a call (default 5s)");
  app.add_option("--threshold", flags.thresholds, "Such as 'p99<5ms'; exit 99 when missed; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--name", options.name, "Text that the report repeats");
  app.add_option("--format", flags.format)->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  app.add_flag("--tls", options.tls, "TLS, checked against the system's certificates unless --cacert");
  app.add_option("--cacert", options.ca_cert_file, "PEM");
  app.add_option("--cert", options.client_cert_file, "PEM");
  app.add_option("--key", options.client_key_file, "PEM");
  app.add_flag("!--no-check", options.check_payloads, "Do not look at payloads (no-op servers)");
}

absl::Status ReadDuration(const char* flag, const std::string& text, absl::Duration& out) {
  if (text.empty() || absl::ParseDuration(text, &out)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, " '", text, "': expected a duration such as 500ms, 30s or 2m"));
}

absl::Status Complete(Flags& flags) {
  LoadOptions& options = flags.options;
  absl::Status status = ReadDuration("duration", flags.duration, options.duration);
  if (status.ok()) status = ReadDuration("warm-up", flags.warmup, options.warmup);
  if (status.ok()) status = ReadDuration("timeout", flags.call_timeout, options.call_timeout);
  if (!status.ok()) return status;
  if (flags.mode == "miss-path") options.mode = LoadMode::kMissPath;
  if (!flags.value_size.empty()) {
    const absl::StatusOr<ValueSizes> sizes = ValueSizes::Parse(flags.value_size);
    if (!sizes.ok()) return sizes.status();
    options.value_sizes = *sizes;
  }
  if (!flags.ratio.empty()) {
    const absl::StatusOr<SetGetRatio> ratio = SetGetRatio::Parse(flags.ratio);
    if (!ratio.ok()) return ratio.status();
    options.ratio = *ratio;
  }
  for (const std::string& text : flags.thresholds) {
    absl::StatusOr<Threshold> threshold = Threshold::Parse(text);
    if (!threshold.ok()) return threshold.status();
    options.thresholds.push_back(*std::move(threshold));
  }
  return options.Validate();
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "paracle-loadtest: %s\n", std::string(status.message()).c_str());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kUnavailable:
      return kExitCannotConnect;
    case absl::StatusCode::kCancelled:
      return kExitInterrupted;
    default:
      return kExitRpcFailed;
  }
}

int Main(int argc, char** argv) {
  CLI::App app("Drives a Paracle Cache server and tells what its callers would see.", "paracle-loadtest");
  Flags flags;
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  const absl::Status status = Complete(flags);
  if (!status.ok()) return Fail(status);

  std::unique_ptr<ServerProcess> server;
  if (!flags.server.empty()) {
    absl::StatusOr<std::unique_ptr<ServerProcess>> started = ServerProcess::Start(flags.server, flags.server_flags);
    if (!started.ok()) return Fail(started.status());
    server = *std::move(started);
    flags.options.endpoint = server->endpoint();
  }
  // The second Ctrl-C ends at once.
  struct sigaction on_interrupt = {};
  on_interrupt.sa_handler = [](int) { stop_asked = true; };
  on_interrupt.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &on_interrupt, nullptr);
  LoadControl control;
  control.stop = &stop_asked;
  const absl::StatusOr<LoadReport> report = RunLoadTest(flags.options, control);
  if (!report.ok()) return Fail(report.status());
  std::fputs((flags.format == "json" ? ReportJson(*report) : ReportText(*report)).c_str(), stdout);
  return report->ExitCode();
}

}  // namespace
}  // namespace paracle::load

int main(int argc, char** argv) { return paracle::load::Main(argc, argv); }

// paracle cache benchmark: the load engine of bench/load, in a namespace of its own.
#include <CLI/CLI.hpp>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/load/load_test.h"
#include "cli/commands.h"
#include "cli/flag_binding.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "cli/value_parse.h"

namespace paracle::cli {
namespace {

struct BenchmarkFlags {
  load::LoadOptions options;
};

const char* PhaseName(load::LoadProgress::Phase phase) {
  switch (phase) {
    case load::LoadProgress::Phase::kPreparing:
      return "storing keys";
    case load::LoadProgress::Phase::kWarmingUp:
      return "warming up";
    case load::LoadProgress::Phase::kMeasuring:
      return "measuring";
    case load::LoadProgress::Phase::kCleaningUp:
      return "cleaning up";
  }
  return "";
}

void ShowProgress(const load::LoadProgress& progress) {
  std::string line = absl::StrFormat("%-12s %3.0f%%", PhaseName(progress.phase), progress.fraction * 100);
  const double seconds = absl::ToDoubleSeconds(progress.elapsed);
  if (progress.requests > 0) absl::StrAppend(&line, "  ", progress.requests, " requests");
  // A rate over less than that is noise.
  if (seconds >= 0.1) absl::StrAppendFormat(&line, ", %.0f/s", static_cast<double>(progress.requests) / seconds);
  if (progress.errors > 0) absl::StrAppend(&line, ", ", progress.errors, " errors");
  absl::FPrintF(stderr, "\r\033[K%s", line);
  std::fflush(stderr);
}

load::LoadOptions Complete(load::LoadOptions options, const ClientOptions& client) {
  options.endpoint = client.endpoint;
  options.token = client.token;
  options.tls = client.uses_tls();
  options.ca_cert_file = client.cacert_file;
  options.client_cert_file = client.cert_file;
  options.client_key_file = client.key_file;
  // Only the namespace and the timeout that were meant for this run: an ordinary namespace in the environment is
  // where the user's answers are, and half a second is short for a machine under load.
  for (const ClientSetting& setting : client.settings) {
    if (setting.origin != "flag") continue;
    if (setting.name == "PARACLE_CACHE_NAMESPACE") options.name_space = client.name_space;
    if (setting.name == "PARACLE_CACHE_TIMEOUT") options.call_timeout = client.timeout;
  }
  return options;
}

ExitCode FailedRun(const absl::Status& status) {
  const bool refused = absl::StrContains(status.message(), "Connection refused");
  WriteError(absl::StrCat(status.message(), refused ? "; is the server running? start one with scripts/serve" : ""));
  if (absl::IsCancelled(status)) return ExitCode::kInterrupted;
  if (absl::IsUnavailable(status)) return ExitCode::kCannotConnect;
  return absl::IsInvalidArgument(status) ? ExitCode::kUsage : ExitCode::kRpcFailed;
}

ExitCode RunBenchmark(Session& session, const BenchmarkFlags& flags) {
  const bool shows_progress = StderrCanRedraw();
  load::LoadControl control;
  control.stop = &StopOnInterrupt();
  if (shows_progress) control.progress = ShowProgress;
  const absl::StatusOr<load::LoadReport> report = load::RunLoadTest(Complete(flags.options, session.client), control);
  if (shows_progress) absl::FPrintF(stderr, "\r\033[K");
  if (!report.ok()) return FailedRun(report.status());
  WriteData(session.json() ? load::ReportJson(*report) : load::ReportText(*report));
  return static_cast<ExitCode>(report->ExitCode());
}

// How much of what is sent.
void AddLoadFlags(CLI::App& command, load::LoadOptions& options) {
  constexpr int64_t kMany = std::numeric_limits<int32_t>::max();
  const auto count = [](int64_t most) { return [most](const std::string& text) { return ParseWhole(text, 1, most); }; };
  const auto seconds = [](const std::string& text) { return ParseDuration(text, absl::Seconds(1)); };
  CLI::Option* requests = AddParsed(command, "-n,--requests", "N", "Requests in all (10000)", count(1'000'000'000'000),
                                    [&options](int64_t n) { options.requests = n; });
  AddParsed(command, "--duration", "SECONDS", "How long, instead of how many", seconds,
            [&options](absl::Duration duration) { options.duration = duration; })
      ->excludes(requests);
  AddParsed(command, "--warmup", "SECONDS", "The same load before it, not counted", seconds,
            [&options](absl::Duration warmup) { options.warmup = warmup; });
  AddParsed(command, "-c,--concurrency", "N", "Calls in flight in all (50)", count(kMany),
            [&options](int64_t n) { options.concurrency = static_cast<int>(n); });
  AddParsed(command, "--connections", "N", "Connections (4)", count(kMany),
            [&options](int64_t n) { options.connections = static_cast<int>(n); });
  AddParsed(
      command, "--rate", "N", "Requests per second whatever the server does; unless told, as fast as it answers",
      [](const std::string& text) { return ParseNumber(text, 0.001, 1e9); },
      [&options](double rate) { options.rate = rate; });
}

// What is sent.
void AddContentFlags(CLI::App& command, load::LoadOptions& options) {
  const auto between = [](double min, double max) {
    return [min, max](const std::string& text) { return ParseNumber(text, min, max); };
  };
  AddParsed(
      command, "--value-size", "BYTES", "Size of an answer: 4096, 4KiB, 1KiB-64KiB or recorded (4096)",
      [](const std::string& text) { return load::ValueSizes::Parse(text); },
      [&options](load::ValueSizes sizes) { options.value_sizes = sizes; });
  AddParsed(command, "--hit-ratio", "R", "Share of lookups for what is stored, 0 to 1 (1)", between(0, 1),
            [&options](double ratio) { options.hit_ratio = ratio; });
  AddParsed(
      command, "--ratio", "SETS:GETS", "Sets for every so many lookups (1:10)",
      [](const std::string& text) { return load::SetGetRatio::Parse(text); },
      [&options](load::SetGetRatio ratio) { options.ratio = ratio; });
  AddParsed(
      command, "--batch", "N", "Entries per call, 1 to 256 (1)",
      [](const std::string& text) { return ParseWhole(text, 1, 256); },
      [&options](int64_t n) { options.batch_size = static_cast<int>(n); });
  AddParsed(
      command, "--keyspace", "N", "Entries stored before (500)",
      [](const std::string& text) { return ParseWhole(text, 1, 1'000'000'000); },
      [&options](int64_t n) { options.keyspace = n; });
  AddParsed(command, "--zipf", "EXPONENT", "How uneven entries are asked for, 0 (all alike) to 5 (0.99)", between(0, 5),
            [&options](double exponent) { options.zipf_exponent = exponent; });
  AddParsed(
      command, "--seed", "N", "Same seed, same sequence (1)",
      [](const std::string& text) { return ParseWhole(text, 0, std::numeric_limits<int64_t>::max()); },
      [&options](int64_t seed) { options.seed = static_cast<uint64_t>(seed); });
}

}  // namespace

void AddBenchmarkCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("benchmark", "Measure the server under load");
  BenchmarkFlags& flags = OnCommand<BenchmarkFlags>(command, session, RunBenchmark);
  AddLoadFlags(command, flags.options);
  AddContentFlags(command, flags.options);
  AddParsed(
      command, "--threshold", "BOUND", "What must hold, else exit code 99, such as 'p99<5ms'; may be given often",
      [](const std::string& text) { return load::Threshold::Parse(text); },
      [&flags](load::Threshold threshold) { flags.options.thresholds.push_back(std::move(threshold)); })
      ->trigger_on_parse()
      ->take_all();
  command.footer(
      "Works in a namespace of its own and leaves nothing behind, also after Ctrl-C.\n"
      "Examples:\n"
      "  paracle cache benchmark --requests 100000 --concurrency 64\n"
      "  paracle cache benchmark --duration 30s --rate 20000 --value-size 1KiB-64KiB --threshold 'p99<5ms'\n"
      "  paracle cache benchmark --hit-ratio 0.7 --format json | jq .latency_seconds.p99");
}

}  // namespace paracle::cli

#include "service/run_server.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/cache_factory.h"
#include "google/protobuf/stubs/logging.h"
#include "service/cache_options.h"
#include "service/command_line.h"
#include "service/core_dumps.h"
#include "service/grpc_log.h"
#include "service/guard_connections.h"
#include "service/logging.h"
#include "service/metrics/admin_endpoint.h"
#include "service/metrics/metrics.h"
#include "service/open_files.h"
#include "service/server.h"
#include "service/settings.h"
#include "service/shutdown_signals.h"
#include "service/version.h"

namespace paracle::service {
namespace {

void Print(FILE* stream, absl::string_view text) { fwrite(text.data(), 1, text.size(), stream); }

// Before the log is configured, and for people: one plain line.
int Refuse(const absl::Status& status, int exit_code) {
  Print(stderr, absl::StrCat("paracle-cache-server: ", status.message(), "\n"));
  return exit_code;
}

void PrintSettings(absl::Span<const Setting> settings) {
  for (const Setting& setting : settings) {
    Print(stdout,
          absl::StrCat(setting.VariableName(), "=", setting.DisplayValue(), "  # ", SourceName(setting.source), "\n"));
  }
}

// Changes and warnings only, so that a sick Redis costs no line per call.
cachecore::SharedTierEvents LogSharedTier(const std::string& backend) {
  cachecore::SharedTierEvents events;
  events.on_change = [backend](bool usable, const std::string& why) {
    if (usable) return Log(LogLevel::kInfo, "shared tier joined", {{"backend", backend}});
    Log(LogLevel::kWarn, "shared tier away", {{"backend", backend}, {"why", why}});
  };
  events.on_warning = [](absl::string_view what) {
    Log(LogLevel::kWarn, "shared tier warning", {{"what", std::string(what)}});
  };
  return events;
}

void LogStart(const Config& config, absl::Span<const Setting> settings, const Server& server) {
  for (const std::string& warning : Warnings(settings)) Log(LogLevel::kWarn, "setting ignored", {{"why", warning}});
  if (!config.enabled) Log(LogLevel::kWarn, "cache switched off", {{"by", "PARACLE_CACHE_ENABLED"}});
  Log(LogLevel::kInfo, "started",
      {{"version", std::string(Version())},
       {"backend", config.backend},
       {"threads", absl::StrCat(config.threads)},
       {"max_size", absl::StrCat(config.max_size)},
       {"max_bytes", absl::StrCat(config.max_bytes)}});
  if (config.shared()) {
    Log(LogLevel::kInfo, "shared tier",
        {{"url", config.redis_url.ToString()}, {"sealed", config.encryption_keys != nullptr ? "true" : "false"}});
  }
  if (config.certificates != nullptr && config.tokens == nullptr && !config.certificates->asks_clients()) {
    Log(LogLevel::kWarn, "anybody may do everything",
        {{"why", "there is TLS, but neither PARACLE_CACHE_TOKENS_FILE nor PARACLE_CACHE_TLS_CLIENT_CA"}});
  }
  for (const std::string& address : server.addresses()) Log(LogLevel::kInfo, "listening", {{"address", address}});
}

// What is counted for metrics, when they are served.
struct Meters {
  CallMeter calls;
  cachecore::TierMeter tiers;
  ConnectionMeter connections;
  std::unique_ptr<Metrics> metrics;
};

WatchedFiles FilesOf(const Config& config) {
  return [tokens = config.tokens, certificates = config.certificates] {
    std::vector<WatchedFileState> files;
    if (tokens != nullptr) files.push_back({"tokens", tokens->last_reload_ok()});
    if (certificates != nullptr) {
      files.push_back({"certificates", certificates->last_reload_ok(), certificates->not_after()});
    }
    return files;
  };
}

// Null: metrics are switched off.
absl::StatusOr<std::unique_ptr<AdminEndpoint>> StartAdmin(const Config& config, const Served& served, Meters* meters) {
  if (!config.admin_listen) return nullptr;
  meters->metrics = std::make_unique<Metrics>(
      served, &meters->tiers, &meters->connections, config.backend,
      MetricLabels{.models = config.metrics_models, .namespaces = config.metrics_namespaces}, FilesOf(config));
  return AdminEndpoint::Start(*config.admin_listen, meters->metrics.get());
}

void Tell(const std::unique_ptr<AdminEndpoint>& admin, AdminEndpoint::State state) {
  if (admin == nullptr) return;
  admin->SetState(state);
  if (state != AdminEndpoint::State::kServing) return;
  Log(LogLevel::kInfo, "serving metrics", {{"url", absl::StrCat("http://", admin->address(), "/metrics")}});
}

int Serve(const Config& config, absl::Span<const Setting> settings) {
  if (config.encryption_keys != nullptr) ForbidCoreDumps();
  ConfigureLogging(config.log_level, config.log_format);
  RouteGrpcLog();
  // What protobuf would say of each malformed request, its sender is told.
  google::protobuf::SetLogHandler(nullptr);
  BlockShutdownSignals();
  RaiseOpenFiles();
  cachecore::StatsLedger ledger({}, cachecore::Clock::System());
  Meters meters;
  cachecore::CacheOptions options = ToCacheOptions(config);
  if (config.admin_listen) options.meter = &meters.tiers;
  absl::StatusOr<cachecore::CacheStack> stack =
      cachecore::MakeCache(options, &ledger, cachecore::Clock::System(), LogSharedTier(config.backend));
  if (!stack.ok()) return Refuse(stack.status(), kExitBadConfiguration);
  const Served served = {.cache = stack->cache.get(),
                         .leases = stack->leases,
                         .recordings = stack->recordings.get(),
                         .ledger = &ledger,
                         .shared = stack->shared.get(),
                         .meter = config.admin_listen ? &meters.calls : nullptr};
  // Before gRPC, so that nobody is served by a server that does not start.
  const auto admin = StartAdmin(config, served, &meters);
  if (!admin.ok()) return Refuse(admin.status(), kExitFailed);
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(config, settings, served);
  if (!server.ok()) return Refuse(server.status(), kExitFailed);
  RaiseGrpcErrors();
  LogStart(config, settings, **server);
  Tell(*admin, AdminEndpoint::State::kServing);
  const std::unique_ptr<ConnectionGuard> guard = GuardConnections(config, **server, &meters.connections);
  const int signal = WaitForShutdownSignal();
  Log(LogLevel::kInfo, "draining", {{"signal", absl::StrCat(signal)}});
  Tell(*admin, AdminEndpoint::State::kDraining);
  (*server)->Drain();
  Log(LogLevel::kInfo, "stopped");
  return kExitOk;
}

}  // namespace

int RunServer(int argc, const char* const* argv) {
  const absl::StatusOr<CommandLine> command_line = ParseCommandLine(argc, argv);
  if (!command_line.ok()) return Refuse(command_line.status(), kExitBadConfiguration);
  if (command_line->action == CommandLine::Action::kPrintText) {
    Print(stdout, command_line->text);
    return kExitOk;
  }
  const auto settings = CollectSettings(command_line->flags, [](const char* name) { return getenv(name); });
  if (!settings.ok()) return Refuse(settings.status(), kExitBadConfiguration);
  const absl::StatusOr<Config> config = ToConfig(*settings);
  if (!config.ok()) return Refuse(config.status(), kExitBadConfiguration);
  if (command_line->action == CommandLine::Action::kPrintConfig) {
    PrintSettings(*settings);
    return kExitOk;
  }
  return Serve(*config, *settings);
}

}  // namespace paracle::service

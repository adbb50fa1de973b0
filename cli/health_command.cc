// paracle cache health: store, read and delete a probe entry through the service; or, with --serving, only ask whether
// it serves.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cachecore/digest.h"
#include "cli/commands.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"

namespace paracle::cli {
namespace {

struct HealthFlags {
  bool serving = false;
};

// Where probes go unless told otherwise, so that they never meet real entries.
constexpr char kProbeNamespace[] = "paracle-cli/health";
// Outlives the probe, should deleting it fail.
constexpr absl::Duration kProbeTtl = absl::Minutes(1);

// A digest that no question has and no other probe uses.
std::string RandomDigest() {
  std::random_device random;
  std::string bytes;
  while (bytes.size() < cachecore::Digest::kSize) bytes.push_back(static_cast<char>(random()));
  return bytes;
}

// OK when the probe came back as it was written and is gone now. Without its shared tier a server forgets the probe
// itself, but cannot promise that for all: `degraded` forgives it that.
absl::Status Probe(RpcClient& client, const std::string& name_space, bool degraded) {
  pb::SetRequest set;
  set.mutable_entry()->set_namespace_(name_space);
  set.mutable_entry()->set_digest(RandomDigest());
  set.set_payload(absl::StrCat("probe of ", Rfc3339(absl::Now())));
  *set.mutable_ttl() = ToProto(kProbeTtl);
  const absl::StatusOr<pb::SetResponse> stored = client.Set(set);
  if (!stored.ok()) return stored.status();
  if (stored->stored_in().empty()) return absl::InternalError("the probe entry was accepted but not kept");

  pb::GetRequest get;
  *get.mutable_entry() = set.entry();
  const absl::StatusOr<pb::GetResponse> found = client.Get(get);

  pb::InvalidateRequest remove;
  remove.set_namespace_(name_space);
  remove.set_digest(set.entry().digest());
  const absl::StatusOr<pb::InvalidateResponse> removed = client.Invalidate(remove);

  if (!found.ok()) return found.status();
  if (!found->has_hit()) return absl::InternalError("the probe entry was stored but not found");
  if (found->hit().payload() != set.payload()) return absl::InternalError("the probe entry came back changed");
  if (!removed.ok() && !(degraded && absl::IsUnavailable(removed.status()))) return removed.status();
  // Looked up again, since a count may be an estimate.
  const absl::StatusOr<pb::GetResponse> again = client.Get(get);
  if (!again.ok()) return again.status();
  if (again->has_hit()) return absl::InternalError("the probe entry could not be deleted");
  return absl::OkStatus();
}

struct Verdict {
  std::string backend;  // Empty: not told.
  bool enabled = true;
  bool degraded = false;  // The shared tier is not used now, because of `why_degraded`.
  std::string why_degraded;
  absl::Status probe;
  absl::Duration took;
};

Verdict Examine(RpcClient& client, const std::string& name_space) {
  Verdict verdict;
  const absl::Time start = absl::Now();
  pb::GetStatsRequest request;
  request.set_namespace_(name_space);
  const absl::StatusOr<pb::GetStatsResponse> stats = client.GetStats(request);
  if (stats.ok()) {
    verdict.backend = stats->backend();
    verdict.enabled = stats->enabled();
    verdict.degraded = stats->shared_tier().state() == pb::SharedTierStatus::STATE_DEGRADED;
    verdict.why_degraded = stats->shared_tier().reason();
  }
  if (IsConnectFailure(stats.status())) {
    verdict.probe = stats.status();
  } else if (verdict.enabled) {  // A cache that is switched off keeps no probe, on purpose.
    verdict.probe = Probe(client, name_space, verdict.degraded);
  }
  verdict.took = absl::Now() - start;
  return verdict;
}

void PrintText(const Verdict& verdict) {
  std::string text;
  if (!verdict.backend.empty()) absl::StrAppend(&text, "Backend: ", verdict.backend, "\n");
  if (!verdict.enabled) absl::StrAppend(&text, "Enabled: false (every lookup misses)\n");
  if (verdict.probe.ok() && verdict.degraded) {
    absl::StrAppend(&text, "Status: ", OnStdout(Color::kYellow, "[DEGRADED]"),
                    " Serving from memory alone: ", verdict.why_degraded, "\n");
  } else if (verdict.probe.ok()) {
    absl::StrAppend(&text, "Status: ", OnStdout(Color::kGreen, "[OK]"), " Healthy\n");
  } else {
    absl::StrAppend(&text, "Status: ", OnStdout(Color::kRed, "[FAIL]"), " ", absl::string_view(verdict.probe.message()),
                    "\n");
  }
  WriteData(text);
}

void PrintJson(const Session& session, const Verdict& verdict) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["healthy"] = verdict.probe.ok();
  json["degraded"] = verdict.degraded;
  json["backend"] = verdict.backend.empty() ? Json(nullptr) : Json(verdict.backend);
  json["enabled"] = verdict.enabled;
  json["endpoint"] = session.client.endpoint;
  if (!verdict.probe.ok()) {
    json["reason"] = std::string(verdict.probe.message());
  } else {
    json["reason"] = verdict.degraded ? Json(verdict.why_degraded) : Json(nullptr);
  }
  json["duration_ms"] = absl::ToDoubleMilliseconds(verdict.took);
  WriteData(Dump(json));
}

// The probe's own hit saved nobody anything, so it shall not stay in the statistics. Whether that works says nothing
// about the health of the cache.
void ForgetProbeStats(RpcClient& client) {
  pb::ResetStatsRequest request;
  request.set_namespace_(kProbeNamespace);
  (void)client.ResetStats(request);
}

// Leaves nothing behind and needs no identity: for what asks every few seconds.
Verdict AskWhetherServing(RpcClient& client) {
  Verdict verdict;
  const absl::Time start = absl::Now();
  const absl::StatusOr<bool> serving = client.IsServing();
  verdict.probe = serving.status();
  if (serving.ok() && !*serving) verdict.probe = absl::UnavailableError("the server says that it is not serving");
  verdict.took = absl::Now() - start;
  return verdict;
}

ExitCode Report(const Session& session, const Verdict& verdict) {
  session.json() ? PrintJson(session, verdict) : PrintText(verdict);
  if (verdict.probe.ok()) return ExitCode::kOk;
  return IsConnectFailure(verdict.probe) ? ExitCode::kCannotConnect : ExitCode::kUnhealthy;
}

ExitCode RunHealth(Session& session, const HealthFlags& flags) {
  const auto client = NewRpcClient(session.client);
  if (!client.ok()) return Fail(client.status());
  if (flags.serving) return Report(session, AskWhetherServing(**client));
  const std::string& given = session.client.name_space;
  const Verdict verdict = Examine(**client, given.empty() ? kProbeNamespace : given);
  if (given.empty() && !IsConnectFailure(verdict.probe)) ForgetProbeStats(**client);
  return Report(session, verdict);
}

}  // namespace

void AddHealthCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("health", "Store, read and delete a probe entry");
  HealthFlags& flags = OnCommand<HealthFlags>(command, session, RunHealth);
  command.add_flag("--serving", flags.serving,
                   "Only ask whether the server says that it serves: no probe entry, no token; for probes");
  command.footer(
      "Exit code: 0 healthy or degraded (the shared tier is away, memory serves), 2 cannot connect, 4 unhealthy.\n"
      "Examples:\n"
      "  paracle cache health\n"
      "  paracle cache health --serving --timeout 3s\n"
      "  paracle cache health --endpoint cache.internal:50051 --cacert ca.pem --timeout 2s");
}

}  // namespace paracle::cli

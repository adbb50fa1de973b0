#include "service/admin_handlers.h"

#include "absl/strings/str_cat.h"
#include "cachecore/error.h"
#include "service/hit_encoder.h"
#include "service/stats_response.h"
#include "service/status_mapping.h"
#include "service/timestamps.h"
#include "service/typed_call.h"
#include "service/validation.h"
#include "service/version.h"

namespace paracle::service {
namespace {

using cache::v1::GetConfigResponse;

cache::v1::Setting::Source ToProtoSource(SettingSource source) {
  switch (source) {
    case SettingSource::kFile:
      return cache::v1::Setting::SOURCE_FILE;
    case SettingSource::kEnvironment:
      return cache::v1::Setting::SOURCE_ENVIRONMENT;
    case SettingSource::kFlag:
      return cache::v1::Setting::SOURCE_FLAG;
    case SettingSource::kDefault:
      break;
  }
  return cache::v1::Setting::SOURCE_DEFAULT;
}

void FillLimits(const Config& config, cache::v1::Limits* limits) {
  limits->set_max_entry_bytes(config.max_entry_bytes);
  limits->set_max_message_bytes(config.MaxMessageBytes());
  limits->set_max_batch_entries(kMaxBatchEntries);
  limits->set_max_batch_response_bytes(BatchGetEncoder::kMaxResponseBytes);
  ToProto(config.ttl, limits->mutable_default_ttl());
  ToProto(config.max_ttl, limits->mutable_max_ttl());
  limits->set_max_tags(kMaxTags);
}

GetConfigResponse ConfigResponse(const Config& config, absl::Span<const Setting> settings) {
  GetConfigResponse response;
  response.set_version(std::string(Version()));
  for (const Setting& setting : settings) {
    cache::v1::Setting* proto = response.add_settings();
    proto->set_name(setting.VariableName());
    proto->set_value(setting.DisplayValue());
    proto->set_source(ToProtoSource(setting.source));
  }
  FillLimits(config, response.mutable_limits());
  if (config.enabled) {
    response.add_features("leases");
    response.add_features("streams");
  }
  return response;
}

void FillLeases(const cachecore::LeaseCounters& counters, cache::v1::LeaseStatus* proto) {
  proto->set_held(counters.held);
  proto->set_waiting(counters.waiting);
  proto->set_granted_count(counters.granted);
  proto->set_coalesced_count(counters.coalesced);
  proto->set_alone(counters.alone);
  proto->set_granted_alone_count(counters.granted_alone);
}

void FillLookupTimes(const CallMeter& meter, cache::v1::LookupTimes* proto) {
  cachecore::HistogramSnapshot times = meter.ReadTimes(Rpc::kGet, CallResult::kHit);
  times.Add(meter.ReadTimes(Rpc::kGet, CallResult::kMiss));
  const auto bounds = CallMeter::TimeBuckets().bounds;
  for (const int64_t bound : bounds) proto->add_upper_bound_nanos(bound);
  for (size_t i = 0; i <= bounds.size(); ++i) proto->add_counts(times.counts[i]);
}

absl::Status LedgerUnavailable(const absl::Status& why) {
  if (why.ok()) return absl::OkStatus();
  return cachecore::WithReason(
      absl::UnavailableError(absl::StrCat("the sums of all servers could not be reset (", why.message(), ")")),
      cachecore::kReasonSharedTierUnavailable);
}

// Here, unlike elsewhere, empty means all namespaces.
absl::Status CheckFilter(absl::string_view ns) { return ResolveNamespace(ns, "namespace").status(); }

}  // namespace

AdminHandlers::AdminHandlers(const Access* access, const Served& served, const Config& config,
                             absl::Span<const Setting> settings, OpenCalls* open_calls)
    : access_(*access),
      served_(served),
      backend_(config.backend),
      enabled_(config.enabled),
      open_calls_(open_calls),
      config_response_(ConfigResponse(config, settings)) {}

void AdminHandlers::FillStats(const cache::v1::GetStatsRequest& request, cache::v1::GetStatsResponse* response) const {
  std::optional<cachecore::Usage> usage;
  if (request.namespace_().empty()) usage = served_.cache->GetUsage();
  if (served_.shared != nullptr) FillSharedTier(response->mutable_shared_tier());
  if (served_.shared == nullptr || request.replica_only()) {
    service::FillStats(served_.ledger->Snapshot(request.namespace_()), usage, response);
  } else {
    const cachecore::SharedLedgerSnapshot sums = served_.shared->ledger().Snapshot(request.namespace_());
    service::FillStats(sums.ledger, usage, response);
    if (sums.known_at) ToProto(*sums.known_at, response->mutable_shared_tier()->mutable_totals_time());
  }
  if (served_.leases != nullptr) FillLeases(served_.leases->counters(), response->mutable_leases());
  if (served_.recordings != nullptr) {
    response->mutable_leases()->set_recordings(served_.recordings->running());
    response->mutable_leases()->set_followers(served_.recordings->followers());
  }
  if (served_.meter != nullptr) FillLookupTimes(*served_.meter, response->mutable_lookup_times());
  response->set_backend(backend_);
  response->set_enabled(enabled_);
}

absl::Status AdminHandlers::AdmitToStats(const IdentifiedCall& call, absl::string_view ns) const {
  if (ns.empty()) return access_.AdmitToAll(call, Operation::kGetAllStats);
  return access_.Admit(call, Operation::kGetStats, ns);
}

absl::Status AdminHandlers::AdmitToReset(const IdentifiedCall& call, absl::string_view ns) const {
  if (ns.empty()) return access_.AdmitToAll(call, Operation::kResetStats);
  return access_.Admit(call, Operation::kResetStats, ns);
}

void AdminHandlers::FillSharedTier(cache::v1::SharedTierStatus* proto) const {
  const cachecore::SharedTierStatus status = served_.shared->status();
  proto->set_state(status.usable ? cache::v1::SharedTierStatus::STATE_CONNECTED
                                 : cache::v1::SharedTierStatus::STATE_DEGRADED);
  proto->set_reason(status.why_not);
}

grpc::ServerUnaryReactor* AdminHandlers::GetStats(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::GetStatsRequest, cache::v1::GetStatsResponse>(response, open_calls_);
  absl::Status status = call->Open(access_, *context, Operation::kGetStats, *request);
  if (status.ok()) status = CheckFilter(call->request.namespace_());
  if (status.ok()) status = AdmitToStats(call->identified, call->request.namespace_());
  if (status.ok()) {
    FillStats(call->request, &call->response);
    if (call->request.namespace_().empty()) call->audited = Audited{.operation = Operation::kGetAllStats, .ns = ""};
    // They tell of all namespaces.
    if (!access_.AllowsToAll(call->identified, Operation::kGetAllStats)) call->response.clear_leases();
  }
  call->Answer(status);
  return call;
}

grpc::ServerUnaryReactor* AdminHandlers::ResetStats(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::ResetStatsRequest, cache::v1::ResetStatsResponse>(response, open_calls_);
  absl::Status status = call->Open(access_, *context, Operation::kResetStats, *request);
  if (status.ok()) status = CheckFilter(call->request.namespace_());
  if (status.ok()) status = AdmitToReset(call->identified, call->request.namespace_());
  if (status.ok()) call->audited = Audited{.operation = Operation::kResetStats, .ns = call->request.namespace_()};
  if (!status.ok()) {
    call->Answer(status);
  } else if (served_.shared != nullptr) {
    served_.shared->ledger().Reset(call->request.namespace_(),
                                   [call](absl::Status reset) { call->Answer(LedgerUnavailable(reset)); });
  } else {
    served_.ledger->Reset(call->request.namespace_());
    call->Answer(absl::OkStatus());
  }
  return call;
}

grpc::ServerUnaryReactor* AdminHandlers::GetConfig(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new TypedCall<cache::v1::GetConfigRequest, GetConfigResponse>(response, open_calls_);
  absl::Status status = call->Open(access_, *context, Operation::kGetConfig, *request);
  if (status.ok()) status = access_.AdmitToNone(call->identified, Operation::kGetConfig);
  if (status.ok()) {
    call->response = config_response_;
    // What else is in it, clients need.
    if (access_.AllowsToNone(call->identified, Operation::kGetSettings)) {
      call->audited = Audited{.operation = Operation::kGetSettings, .ns = ""};
    } else {
      call->response.clear_settings();
    }
  }
  call->Answer(status);
  return call;
}

}  // namespace paracle::service

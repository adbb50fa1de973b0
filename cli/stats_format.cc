#include "cli/stats_format.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/proto_json.h"

namespace paracle::cli {
namespace {

namespace pb = ::paracle::cache::v1;
using Json = nlohmann::ordered_json;

double Milliseconds(const google::protobuf::Duration& duration) {
  return absl::ToDoubleMilliseconds(ToDuration(duration));
}

std::string UtilizationLine(const pb::Stats& stats) {
  const double percent = stats.utilization() * 100;
  if (stats.max_entries() > 0) {
    return absl::StrFormat("  Utilization: %.1f%% (%d/%d)\n", percent, stats.entries(), stats.max_entries());
  }
  return absl::StrFormat("  Utilization: %.1f%% (%s/%s)\n", percent, HumanBytes(stats.size_bytes()),
                         HumanBytes(stats.max_size_bytes()));
}

std::string AverageLine(const char* title, const google::protobuf::Duration& average) {
  return absl::StrFormat("  %s: %.3f ms\n", title, Milliseconds(average));
}

Json OrNull(bool known, double value) { return known ? Json(value) : Json(nullptr); }

Json TimeOrNull(bool known, const google::protobuf::Timestamp& timestamp) {
  return known ? Json(Rfc3339(ToTime(timestamp))) : Json(nullptr);
}

// Usage is told for the whole only, not for one namespace.
bool TellsUsage(const pb::Stats& stats) {
  return stats.has_utilization() || stats.entries() > 0 || stats.max_entries() > 0 || stats.max_size_bytes() > 0;
}

// The members that a model's row has as well as the total; sizes are known of the whole alone.
void AddCounters(const pb::Stats& stats, Json& json) {
  json["hits"] = stats.hits();
  json["misses"] = stats.misses();
  json["total_requests"] = stats.hits() + stats.misses();
  json["hit_rate"] = OrNull(stats.has_hit_rate(), stats.hit_rate());
  json["miss_rate"] = OrNull(stats.has_miss_rate(), stats.miss_rate());
  json["avg_cached_time_ms"] = OrNull(stats.has_average_cached_time(), Milliseconds(stats.average_cached_time()));
  json["avg_uncached_time_ms"] = OrNull(stats.has_average_uncached_time(), Milliseconds(stats.average_uncached_time()));
  json["speedup_factor"] = OrNull(stats.has_speedup(), stats.speedup());
  json["cached_tokens"] = stats.cached_tokens();
  json["uncached_tokens"] = stats.uncached_tokens();
  json["estimated_cost_saved"] = stats.saved_cost_usd();
}

Json SharedTierJson(const pb::GetStatsResponse& response) {
  if (!response.has_shared_tier()) return nullptr;
  const pb::SharedTierStatus& tier = response.shared_tier();
  Json json;
  json["degraded"] = tier.state() == pb::SharedTierStatus::STATE_DEGRADED;
  json["reason"] = tier.reason().empty() ? Json(nullptr) : Json(tier.reason());
  json["totals_time"] = TimeOrNull(tier.has_totals_time(), tier.totals_time());
  return json;
}

// Of the server that was asked, not of all that share a tier.
std::string LeaseLines(const pb::LeaseStatus& leases) {
  std::string text;
  if (leases.coalesced_count() > 0) {
    absl::StrAppend(&text, "  Coalesced: ", leases.coalesced_count(), " (this server)\n");
  }
  const bool busy = leases.held() + leases.waiting() + leases.recordings() + leases.followers() > 0;
  if (busy) {
    absl::StrAppend(&text, "  Leases: ", leases.held(), " held, ", leases.waiting(), " waiting, ", leases.recordings(),
                    " recorded, ", leases.followers(), " following (this server)\n");
  }
  if (leases.alone()) text += "  Leases: given by this server alone while the shared tier is away\n";
  return text;
}

Json LeasesJson(const pb::GetStatsResponse& response) {
  if (!response.has_leases()) return nullptr;
  const pb::LeaseStatus& leases = response.leases();
  Json json;
  json["held"] = leases.held();
  json["waiting"] = leases.waiting();
  json["granted"] = leases.granted_count();
  json["coalesced"] = leases.coalesced_count();
  json["alone"] = leases.alone();
  json["granted_alone"] = leases.granted_alone_count();
  json["recordings"] = leases.recordings();
  json["followers"] = leases.followers();
  return json;
}

Json ModelJson(const pb::ModelStats& row) {
  Json json;
  json["namespace"] = row.namespace_();
  json["model"] = row.model();
  json["overflow"] = row.overflow();
  AddCounters(row.stats(), json);
  json["evictions"] = row.stats().evictions();
  return json;
}

}  // namespace

std::string StatsText(const pb::GetStatsResponse& response) {
  const pb::Stats& stats = response.total();
  std::string text = absl::StrCat("Cache Statistics:\n  Requests: ", stats.hits() + stats.misses(), " (", stats.hits(),
                                  " hits, ", stats.misses(), " misses)\n");
  if (stats.has_hit_rate()) absl::StrAppendFormat(&text, "  Hit Rate: %.1f%%\n", stats.hit_rate() * 100);
  if (stats.has_speedup()) absl::StrAppendFormat(&text, "  Speedup: %.1fx faster (cached)\n", stats.speedup());
  absl::StrAppendFormat(&text, "  Cost Saved: $%.4f\n", stats.saved_cost_usd());
  if (stats.has_utilization()) text += UtilizationLine(stats);
  if (stats.has_average_cached_time()) text += AverageLine("Average Cached Time", stats.average_cached_time());
  if (stats.has_average_uncached_time()) text += AverageLine("Average Uncached Time", stats.average_uncached_time());
  absl::StrAppend(&text, "  Cached Tokens: ", stats.cached_tokens(), "\n  Uncached Tokens: ", stats.uncached_tokens(),
                  "\n");
  text += LeaseLines(response.leases());
  if (response.shared_tier().state() == pb::SharedTierStatus::STATE_DEGRADED) {
    absl::StrAppend(&text, "  Shared Tier: degraded: ", response.shared_tier().reason(), "\n");
  }
  return text;
}

Json StatsJson(const pb::GetStatsResponse& response) {
  const pb::Stats& stats = response.total();
  Json json;
  AddCounters(stats, json);
  json["cache_size"] = TellsUsage(stats) ? Json(stats.entries()) : Json(nullptr);
  json["max_cache_size"] = TellsUsage(stats) ? Json(stats.max_entries()) : Json(nullptr);
  json["utilization"] = OrNull(stats.has_utilization(), stats.utilization());
  json["evictions"] = stats.evictions();
  json["start_time"] = TimeOrNull(stats.has_start_time(), stats.start_time());
  json["last_updated"] = TimeOrNull(stats.has_update_time(), stats.update_time());
  json["shared_tier"] = SharedTierJson(response);
  json["leases"] = LeasesJson(response);
  json["by_model"] = Json::array();
  for (const pb::ModelStats& row : response.by_model()) json["by_model"].push_back(ModelJson(row));
  return json;
}

}  // namespace paracle::cli

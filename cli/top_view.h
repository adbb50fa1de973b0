// TopView is what `paracle cache top` shows: what happened between two answers of GetStats, and how things stand. Pure.
#ifndef PARACLE_CLI_TOP_VIEW_H_
#define PARACLE_CLI_TOP_VIEW_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "paracle/cache/v1/admin.pb.h"

namespace paracle::cli {

struct TopView {
  absl::Time time;
  std::string backend;

  // Between the two answers. Rates are per second; nullopt: nothing happened that would tell.
  double lookups = 0, stored = 0, evicted = 0, expired = 0, coalesced = 0;
  std::optional<double> hit_rate;          // 0..1.
  std::optional<absl::Duration> p50, p99;  // Of lookups of the server that answered.
  double saved_usd = 0;
  int64_t saved_tokens = 0;

  // Now.
  double saved_usd_in_all = 0;
  int64_t entries = 0, max_entries = 0, bytes = 0, max_bytes = 0;
  std::string shared_tier;  // "none", "connected", or "degraded" with its reason.
  int64_t leases = 0, waiting = 0, recordings = 0, followers = 0;

  // Counters that went back (the server was restarted, the statistics reset) count as if nothing had happened.
  // REQUIRES: elapsed > 0.
  static TopView Between(const ::paracle::cache::v1::GetStatsResponse& before,
                         const ::paracle::cache::v1::GetStatsResponse& after, absl::Duration elapsed, absl::Time now);
};

// The latency that a share of lookups, 0..1, did not exceed, by the counts between two answers; nullopt: there were
// none, or the server does not count. What is beyond all bounds is the last of them.
std::optional<absl::Duration> Percentile(const ::paracle::cache::v1::LookupTimes& before,
                                         const ::paracle::cache::v1::LookupTimes& after, double share);

std::string TopScreen(const TopView& view, const std::string& endpoint);  // Several lines.
std::string TopLine(const TopView& view);                                 // One line of name=value; unknown is "-".
nlohmann::ordered_json TopJson(const TopView& view);                      // Unknown is null.

}  // namespace paracle::cli

#endif  // PARACLE_CLI_TOP_VIEW_H_

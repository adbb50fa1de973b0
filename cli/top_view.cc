#include "cli/top_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/proto_json.h"

namespace paracle::cli {
namespace {

namespace pb = ::paracle::cache::v1;

template <typename T>
T Rise(T before, T after) {
  return std::max(T{}, after - before);
}

std::string SharedTierOf(const pb::GetStatsResponse& response) {
  if (!response.has_shared_tier()) return "none";
  const pb::SharedTierStatus& tier = response.shared_tier();
  if (tier.state() == pb::SharedTierStatus::STATE_CONNECTED) return "connected";
  return tier.reason().empty() ? "degraded" : absl::StrCat("degraded: ", tier.reason());
}

std::string Milliseconds(const std::optional<absl::Duration>& latency) {
  return latency ? absl::StrFormat("%.3f", absl::ToDoubleMilliseconds(*latency)) : "-";
}

std::string Limit(int64_t limit, const std::string& text) { return limit > 0 ? absl::StrCat(" of ", text) : ""; }

nlohmann::ordered_json OrNull(const std::optional<absl::Duration>& latency) {
  if (!latency) return nullptr;
  return absl::ToDoubleMilliseconds(*latency);
}

}  // namespace

std::optional<absl::Duration> Percentile(const pb::LookupTimes& before, const pb::LookupTimes& after, double share) {
  const int buckets = after.counts_size();
  if (buckets == 0 || after.upper_bound_nanos_size() != buckets - 1) return std::nullopt;
  const auto rise = [&](int i) { return Rise(i < before.counts_size() ? before.counts(i) : 0, after.counts(i)); };
  int64_t total = 0;
  for (int i = 0; i < buckets; ++i) total += rise(i);
  if (total == 0) return std::nullopt;
  const double rank = share * static_cast<double>(total);
  double below = 0, low = 0;
  for (int i = 0; i < buckets - 1; ++i) {
    const auto high = static_cast<double>(after.upper_bound_nanos(i));
    const auto count = static_cast<double>(rise(i));
    if (count > 0 && below + count >= rank) return absl::Nanoseconds(low + (high - low) * (rank - below) / count);
    below += count;
    low = high;
  }
  return absl::Nanoseconds(low);
}

TopView TopView::Between(const pb::GetStatsResponse& before, const pb::GetStatsResponse& after, absl::Duration elapsed,
                         absl::Time now) {
  const pb::Stats& was = before.total();
  const pb::Stats& is = after.total();
  const auto rate = [seconds = absl::ToDoubleSeconds(elapsed)](int64_t from, int64_t to) {
    return static_cast<double>(Rise(from, to)) / seconds;
  };
  TopView view;
  view.time = now;
  view.backend = after.backend();
  const double hits = rate(was.hits(), is.hits());
  view.lookups = hits + rate(was.misses(), is.misses());
  if (view.lookups > 0) view.hit_rate = hits / view.lookups;
  view.stored = rate(was.sets(), is.sets());
  view.evicted = rate(was.evictions(), is.evictions());
  view.expired = rate(was.expirations(), is.expirations());
  view.coalesced = rate(before.leases().coalesced_count(), after.leases().coalesced_count());
  view.p50 = Percentile(before.lookup_times(), after.lookup_times(), 0.5);
  view.p99 = Percentile(before.lookup_times(), after.lookup_times(), 0.99);
  view.saved_usd = Rise(was.saved_cost_usd(), is.saved_cost_usd());
  view.saved_tokens = Rise(was.cached_tokens(), is.cached_tokens());
  view.saved_usd_in_all = is.saved_cost_usd();
  view.entries = is.entries();
  view.max_entries = is.max_entries();
  view.bytes = is.size_bytes();
  view.max_bytes = is.max_size_bytes();
  view.shared_tier = SharedTierOf(after);
  view.leases = after.leases().held();
  view.waiting = after.leases().waiting();
  view.recordings = after.leases().recordings();
  view.followers = after.leases().followers();
  return view;
}

std::string TopScreen(const TopView& view, const std::string& endpoint) {
  const std::string hit_rate = view.hit_rate ? absl::StrFormat("%.1f%%", *view.hit_rate * 100) : "-";
  std::string text = absl::StrCat(endpoint, "  ", Rfc3339(absl::FromUnixSeconds(absl::ToUnixSeconds(view.time))),
                                  "  backend ", view.backend, "\n\n");
  absl::StrAppendFormat(&text, "  Lookups      %10.1f/s   Hit Rate %s\n", view.lookups, hit_rate);
  absl::StrAppendFormat(&text, "  Latency      p50 %s ms   p99 %s ms\n", Milliseconds(view.p50),
                        Milliseconds(view.p99));
  absl::StrAppendFormat(&text, "  Saved        $%.4f   %d tokens   $%.4f in all\n", view.saved_usd, view.saved_tokens,
                        view.saved_usd_in_all);
  absl::StrAppendFormat(&text, "  Stored       %10.1f/s   Evicted %.1f/s   Expired %.1f/s\n", view.stored, view.evicted,
                        view.expired);
  absl::StrAppend(&text, "  Memory Tier  ", view.entries, Limit(view.max_entries, absl::StrCat(view.max_entries)),
                  " entries   ", HumanBytes(view.bytes), Limit(view.max_bytes, HumanBytes(view.max_bytes)), "\n");
  absl::StrAppend(&text, "  Shared Tier  ", view.shared_tier, "\n");
  absl::StrAppendFormat(&text, "  Leases       %d held   %d waiting   %d recorded   %d following   %.1f/s coalesced\n",
                        view.leases, view.waiting, view.recordings, view.followers, view.coalesced);
  return text;
}

std::string TopLine(const TopView& view) {
  const std::string hit_rate = view.hit_rate ? absl::StrFormat("%.3f", *view.hit_rate) : "-";
  const absl::string_view shared = absl::string_view(view.shared_tier).substr(0, view.shared_tier.find(':'));
  return absl::StrFormat(
      "%s lookups_per_s=%.1f hit_rate=%s p50_ms=%s p99_ms=%s saved_usd=%.4f saved_usd_in_all=%.4f stored_per_s=%.1f "
      "evicted_per_s=%.1f entries=%d bytes=%d shared_tier=%s leases=%d waiting=%d coalesced_per_s=%.1f\n",
      Rfc3339(absl::FromUnixSeconds(absl::ToUnixSeconds(view.time))), view.lookups, hit_rate, Milliseconds(view.p50),
      Milliseconds(view.p99), view.saved_usd, view.saved_usd_in_all, view.stored, view.evicted, view.entries,
      view.bytes, shared, view.leases, view.waiting, view.coalesced);
}

nlohmann::ordered_json TopJson(const TopView& view) {
  nlohmann::ordered_json json;
  json["time"] = Rfc3339(view.time);
  json["backend"] = view.backend;
  json["lookups_per_second"] = view.lookups;
  json["hit_rate"] = view.hit_rate ? nlohmann::ordered_json(*view.hit_rate) : nlohmann::ordered_json(nullptr);
  json["p50_ms"] = OrNull(view.p50);
  json["p99_ms"] = OrNull(view.p99);
  json["saved_usd"] = view.saved_usd;
  json["saved_usd_in_all"] = view.saved_usd_in_all;
  json["saved_tokens"] = view.saved_tokens;
  json["stored_per_second"] = view.stored;
  json["evicted_per_second"] = view.evicted;
  json["expired_per_second"] = view.expired;
  json["entries"] = view.entries;
  json["max_entries"] = view.max_entries;
  json["size_bytes"] = view.bytes;
  json["max_size_bytes"] = view.max_bytes;
  json["shared_tier"] = view.shared_tier;
  json["leases"] = view.leases;
  json["waiting"] = view.waiting;
  json["recordings"] = view.recordings;
  json["followers"] = view.followers;
  json["coalesced_per_second"] = view.coalesced;
  return json;
}

}  // namespace paracle::cli

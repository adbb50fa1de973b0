#include "service/stats_response.h"

#include "service/timestamps.h"

namespace paracle::service {
namespace {

using cachecore::LedgerCounts;
using cachecore::LedgerSnapshot;
using cachecore::Usage;

double Ratio(int64_t part, int64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

void FillAverages(const LedgerCounts& counts, cache::v1::Stats* stats) {
  if (counts.hits > 0) ToProto(counts.cached_time / counts.hits, stats->mutable_average_cached_time());
  if (counts.timed_sets > 0) ToProto(counts.uncached_time / counts.timed_sets, stats->mutable_average_uncached_time());
  // Hits so fast that no clock saw them take time would make the speedup infinite.
  if (counts.hits > 0 && counts.timed_sets > 0 && counts.cached_time > absl::ZeroDuration()) {
    stats->set_speedup(absl::FDivDuration(counts.uncached_time, counts.cached_time) *
                       Ratio(counts.hits, counts.timed_sets));
  }
}

void FillCounts(const LedgerCounts& counts, const LedgerSnapshot& snapshot, cache::v1::Stats* stats) {
  stats->set_hits(counts.hits);
  stats->set_misses(counts.misses);
  stats->set_sets(counts.sets);
  stats->set_evictions(counts.evictions);
  stats->set_expirations(counts.expirations);
  stats->set_invalidations(counts.invalidations);
  if (const int64_t requests = counts.hits + counts.misses; requests > 0) {
    stats->set_hit_rate(Ratio(counts.hits, requests));
    stats->set_miss_rate(Ratio(counts.misses, requests));
  }
  stats->set_cached_tokens(counts.cached_tokens);
  stats->set_uncached_tokens(counts.uncached_tokens);
  stats->set_saved_cost_usd(counts.saved_cost_usd);
  ToProto(counts.saved_time, stats->mutable_saved_time());
  FillAverages(counts, stats);
  ToProto(snapshot.start_time, stats->mutable_start_time());
  ToProto(snapshot.update_time, stats->mutable_update_time());
}

void FillUsage(const Usage& usage, cache::v1::Stats* stats) {
  stats->set_entries(usage.entries);
  stats->set_max_entries(usage.max_entries);
  stats->set_size_bytes(usage.bytes);
  stats->set_max_size_bytes(usage.max_bytes);
  if (usage.max_entries > 0) {
    stats->set_utilization(Ratio(usage.entries, usage.max_entries));
  } else if (usage.max_bytes > 0) {
    stats->set_utilization(Ratio(usage.bytes, usage.max_bytes));
  }
}

}  // namespace

void FillStats(const LedgerSnapshot& snapshot, const std::optional<Usage>& usage,
               cache::v1::GetStatsResponse* response) {
  FillCounts(snapshot.total, snapshot, response->mutable_total());
  if (usage) FillUsage(*usage, response->mutable_total());
  for (const cachecore::LedgerRowSnapshot& row : snapshot.rows) {
    cache::v1::ModelStats* by_model = response->add_by_model();
    by_model->set_namespace_(row.ns);
    by_model->set_model(row.model);
    by_model->set_overflow(row.overflow);
    FillCounts(row.counts, snapshot, by_model->mutable_stats());
  }
}

}  // namespace paracle::service

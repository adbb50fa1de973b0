#include "service/metrics/cache_collector.h"

#include <map>

namespace paracle::service {
namespace {

using cachecore::LedgerCounts;
using cachecore::LedgerRowSnapshot;
using cachecore::LedgerSnapshot;

// Sums of several rows under one label.
struct Sums {
  double hits = 0, misses = 0, prompt_tokens = 0, completion_tokens = 0, cost_usd = 0, seconds = 0;

  void Add(const LedgerCounts& counts) {
    hits += static_cast<double>(counts.hits);
    misses += static_cast<double>(counts.misses);
    completion_tokens += static_cast<double>(counts.cached_completion_tokens);
    prompt_tokens += static_cast<double>(counts.cached_tokens - counts.cached_completion_tokens);
    cost_usd += counts.saved_cost_usd;
    seconds += absl::ToDoubleSeconds(counts.saved_time);
  }
};
using ByLabel = std::map<std::string, Sums>;

// What is beyond the limit is there from the beginning, so that sums over all labels are, too.
ByLabel Summed(const LedgerSnapshot& snapshot, LabelLimiter& limiter, std::string LedgerRowSnapshot::*label) {
  ByLabel sums;
  sums[std::string(LabelLimiter::kOther)];
  for (const LedgerRowSnapshot& row : snapshot.rows) {
    sums[row.overflow ? std::string(LabelLimiter::kOther) : limiter.Limit(row.*label)].Add(row.counts);
  }
  return sums;
}

void CollectSaved(const ByLabel& models, Families& families) {
  families.Counter("paracle_cache_saved_tokens_total",
                   "Tokens of answers that were given again, by their first origin.");
  for (const auto& [model, sums] : models) {
    families.Add({{"model", model}, {"type", "prompt"}}, sums.prompt_tokens);
    families.Add({{"model", model}, {"type", "completion"}}, sums.completion_tokens);
  }
  families.Counter("paracle_cache_saved_cost_usd_total", "What these answers cost when they were made.");
  for (const auto& [model, sums] : models) families.Add({{"model", model}}, sums.cost_usd);
  families.Counter("paracle_cache_saved_seconds_total", "How much longer they took when they were made.");
  for (const auto& [model, sums] : models) families.Add({{"model", model}}, sums.seconds);
}

void CollectNamespaces(const ByLabel& namespaces, Families& families) {
  families.Counter("paracle_cache_namespace_requests_total", "Hits and misses of each namespace.");
  for (const auto& [ns, sums] : namespaces) {
    families.Add({{"namespace", ns}, {"result", "hit"}}, sums.hits);
    families.Add({{"namespace", ns}, {"result", "miss"}}, sums.misses);
  }
}

void CollectRemovals(const LedgerCounts& total, Families& families) {
  families.Counter("paracle_cache_evictions_total", "Entries that left before their time.");
  families.Add({{"tier", "memory"}, {"reason", "capacity"}}, static_cast<double>(total.evictions));
  families.Add({{"tier", "memory"}, {"reason", "invalidated"}}, static_cast<double>(total.invalidations));
  families.Counter("paracle_cache_expirations_total", "Entries whose life was over.");
  families.Add({{"tier", "memory"}}, static_cast<double>(total.expirations));
}

}  // namespace

void CollectUsage(const cachecore::Usage& usage, Families& families) {
  const auto gauge = [&families](absl::string_view name, absl::string_view help, int64_t value) {
    families.Gauge(name, help);
    families.Add({{"tier", "memory"}}, static_cast<double>(value));
  };
  gauge("paracle_cache_items", "Entries that are held.", usage.entries);
  gauge("paracle_cache_limit_items", "Entries that may be held; 0: any number.", usage.max_entries);
  gauge("paracle_cache_size_bytes", "Bytes that they take, keys and bookkeeping included.", usage.bytes);
  gauge("paracle_cache_limit_bytes", "Bytes that they may take.", usage.max_bytes);
}

void CollectLedger(const cachecore::StatsLedger& ledger, LabelLimiter& models, LabelLimiter& namespaces,
                   Families& families) {
  const LedgerSnapshot snapshot = ledger.SinceStart();
  CollectRemovals(snapshot.total, families);
  CollectSaved(Summed(snapshot, models, &LedgerRowSnapshot::model), families);
  CollectNamespaces(Summed(snapshot, namespaces, &LedgerRowSnapshot::ns), families);
}

void CollectLeases(const Served& served, Families& families) {
  const cachecore::LeaseCounters leases =
      served.leases != nullptr ? served.leases->counters() : cachecore::LeaseCounters();
  const bool streams = served.recordings != nullptr;
  families.Counter("paracle_cache_coalesced_requests_total", "Hits that waited for somebody else's answer.",
                   static_cast<double>(leases.coalesced));
  families.Counter("paracle_cache_leases_granted_total", "Callers that were told to make the answer.",
                   static_cast<double>(leases.granted));
  families.Gauge("paracle_cache_leases", "Leases that are held.", static_cast<double>(leases.held));
  families.Gauge("paracle_cache_waiters", "Calls that wait for somebody else's answer.",
                 static_cast<double>(leases.waiting));
  families.Gauge("paracle_cache_recordings", "Answers that are being recorded.",
                 streams ? static_cast<double>(served.recordings->running()) : 0);
  families.Gauge("paracle_cache_followers", "Calls that follow one.",
                 streams ? static_cast<double>(served.recordings->followers()) : 0);
}

}  // namespace paracle::service

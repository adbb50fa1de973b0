#include "service/metrics/tier_collector.h"

#include "absl/types/span.h"

namespace paracle::service {
namespace {

using cachecore::Tier;
using cachecore::TierMeter;
using cachecore::TierOperation;
using R = cachecore::TierResult;

constexpr double kNano = 1e-9;
constexpr absl::string_view kResultNames[cachecore::kTierResults] = {"hit",     "miss",    "stored", "refused",
                                                                     "dropped", "skipped", "failed"};

// What is possible. No time is told of what was not done.
constexpr R kMemoryGets[] = {R::kHit, R::kMiss};
constexpr R kMemorySets[] = {R::kStored, R::kRefused, R::kDropped};
constexpr R kSharedGets[] = {R::kHit, R::kMiss, R::kFailed, R::kSkipped};
constexpr R kSharedSets[] = {R::kStored, R::kRefused, R::kFailed, R::kSkipped};

struct Row {
  Tier tier;
  TierOperation operation;
  absl::Span<const R> results;
};
constexpr Row kRows[] = {{Tier::kMemory, TierOperation::kGet, kMemoryGets},
                         {Tier::kMemory, TierOperation::kSet, kMemorySets},
                         {Tier::kShared, TierOperation::kGet, kSharedGets},
                         {Tier::kShared, TierOperation::kSet, kSharedSets}};

template <typename Visit>
void ForEachResult(bool shared, Visit visit) {
  for (const Row& row : kRows) {
    if (row.tier == Tier::kShared && !shared) continue;
    const absl::string_view tier = row.tier == Tier::kMemory ? "memory" : "shared";
    const absl::string_view operation = row.operation == TierOperation::kGet ? "get" : "set";
    for (const R result : row.results) {
      visit(row, result,
            Labels{{"tier", tier}, {"operation", operation}, {"result", kResultNames[static_cast<int>(result)]}});
    }
  }
}

}  // namespace

void CollectTiers(const TierMeter& meter, bool shared, Families& families) {
  families.Counter("paracle_cache_tier_requests_total", "What each tier was asked, by what came of it.");
  ForEachResult(shared, [&](const Row& row, R result, const Labels& labels) {
    families.Add(labels, static_cast<double>(meter.Read(row.tier, row.operation, result).count));
  });
  families.Histogram("paracle_cache_tier_duration_seconds", "How long a tier took.");
  ForEachResult(shared, [&](const Row& row, R result, const Labels& labels) {
    if (result == R::kSkipped) return;
    families.Add(labels, meter.Read(row.tier, row.operation, result), cachecore::Buckets::Latency(), kNano);
  });
}

void CollectBackend(absl::string_view backend, const cachecore::SharedTier& shared, Families& families) {
  const cachecore::redis::ClientCounters client = shared.client_counters();
  const cachecore::RedisCacheCounters entries = shared.cache().counters();
  const Labels backend_only = {{"backend", backend}};
  families.Gauge("paracle_cache_backend_up", "1: the shared tier is used. 0: it is away, and memory goes on.");
  families.Add(backend_only, shared.status().usable ? 1 : 0);
  families.Gauge("paracle_cache_backend_circuit_open", "1: a server of the shared tier is too sick to be asked.");
  families.Add(backend_only, client.circuits_open > 0 ? 1 : 0);
  families.Counter("paracle_cache_backend_commands_total", "Commands sent to the shared tier.");
  families.Add(backend_only, static_cast<double>(client.sent));
  const std::pair<absl::string_view, int64_t> errors[] = {
      {"timeout", client.timeouts}, {"error_reply", client.error_replies}, {"connection_lost", client.disconnects},
      {"refused", client.refused},  {"damaged", entries.damaged},          {"foreign", entries.foreign}};
  families.Counter("paracle_cache_backend_errors_total", "What went wrong with the shared tier.");
  for (const auto& [error, count] : errors) {
    families.Add({{"backend", backend}, {"error", error}}, static_cast<double>(count));
  }
}

}  // namespace paracle::service

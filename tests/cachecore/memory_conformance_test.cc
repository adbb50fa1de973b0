#include "cachecore/memory_cache.h"
#include "tests/support/cache_conformance.h"

namespace paracle::cachecore {
namespace {

std::unique_ptr<Cache> MakeMemory(const Clock* clock, StatsLedger* ledger, const MemoryCacheOptions& options) {
  return std::make_unique<MemoryCache>(options, ledger, clock);
}

// No limit by number: many shards.
std::unique_ptr<Cache> MakeSharded(const Clock* clock, StatsLedger* ledger, const MemoryCacheOptions& options) {
  return std::make_unique<MemoryCache>(
      MemoryCacheOptions{.max_entries = options.max_entries == 1000 ? 0 : options.max_entries,
                         .max_bytes = options.max_bytes},
      ledger, clock);
}

INSTANTIATE_TEST_SUITE_P(Memory, CacheConformance,
                         testing::Values(Backend{.name = "memory",
                                                 .make = MakeMemory,
                                                 .survives_restart = false,
                                                 .why_not = "memory is gone with its process"},
                                         Backend{.name = "sharded",
                                                 .make = MakeSharded,
                                                 .exact_lru = false,
                                                 .survives_restart = false,
                                                 .why_not = "memory is gone with its process; shards keep the order of "
                                                            "use to one tick of the clock"}),
                         BackendName);

}  // namespace
}  // namespace paracle::cachecore

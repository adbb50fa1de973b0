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

// Every namespace has a share, and with it an order of its own; it is the whole, so that nothing else changes.
MemoryCacheOptions WithShares(MemoryCacheOptions options) {
  options.shares.others = 1;
  return options;
}

std::unique_ptr<Cache> MakeWithShares(const Clock* clock, StatsLedger* ledger, const MemoryCacheOptions& options) {
  return MakeMemory(clock, ledger, WithShares(options));
}

std::unique_ptr<Cache> MakeShardedWithShares(const Clock* clock, StatsLedger* ledger,
                                             const MemoryCacheOptions& options) {
  return std::make_unique<MemoryCache>(WithShares({.max_entries = options.max_entries == 1000 ? 0 : options.max_entries,
                                                   .max_bytes = options.max_bytes}),
                                       ledger, clock);
}

constexpr char kGone[] = "memory is gone with its process";
constexpr char kGoneAndBlurred[] =
    "memory is gone with its process; shards keep the order of use to one tick of the clock";

INSTANTIATE_TEST_SUITE_P(Shares, CacheConformance,
                         testing::Values(Backend{.name = "memory_with_shares",
                                                 .make = MakeWithShares,
                                                 .survives_restart = false,
                                                 .why_not = kGone},
                                         Backend{.name = "sharded_with_shares",
                                                 .make = MakeShardedWithShares,
                                                 .exact_lru = false,
                                                 .survives_restart = false,
                                                 .why_not = kGoneAndBlurred}),
                         BackendName);

INSTANTIATE_TEST_SUITE_P(
    Memory, CacheConformance,
    testing::Values(Backend{.name = "memory", .make = MakeMemory, .survives_restart = false, .why_not = kGone},
                    Backend{.name = "sharded",
                            .make = MakeSharded,
                            .exact_lru = false,
                            .survives_restart = false,
                            .why_not = kGoneAndBlurred}),
    BackendName);

}  // namespace
}  // namespace paracle::cachecore

// The suite that every Cache must pass, whatever keeps its entries.
//
// A test file names its backends and compiles cache_conformance.cc in:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, CacheConformance, testing::Values(Backend{.name = "memory", .make = ...}),
//   BackendName);
//
// What a backend cannot do is said in its Backend, with the reason; the test that asks for it is then skipped and
// prints that reason.
#ifndef PARACLE_TESTS_SUPPORT_CACHE_CONFORMANCE_H_
#define PARACLE_TESTS_SUPPORT_CACHE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "cachecore/cache.h"
#include "cachecore/memory_cache.h"
#include "cachecore/stats_ledger.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"
#include "tests/support/fake_clock.h"

namespace paracle::cachecore {

struct Backend {
  std::string name;
  std::function<std::unique_ptr<Cache>(const Clock*, StatsLedger*, const MemoryCacheOptions&)> make;

  // Each false needs its reason.
  bool exact_lru = true;         // The least recently used entry is the one that gives way.
  bool counts_exactly = true;    // Invalidate tells how many entries went.
  bool counts_hits = true;       // Hit.hit_count is exact.
  bool has_usage = true;         // GetUsage and the ledger's removals tell what it holds and drops.
  bool monotonic_expiry = true;  // Steps of the wall clock change nobody's life.
  bool survives_restart = true;  // A second cache made the same way finds what the first stored.
  std::string why_not;

  std::string why_missing = {};  // Not empty: it cannot be made here, and nothing is proven of it.
};

inline std::string BackendName(const testing::TestParamInfo<Backend>& info) { return info.param.name; }

inline void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

class CacheConformance : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override;

  std::unique_ptr<Cache> Make(const MemoryCacheOptions& options) { return GetParam().make(&clock_, &ledger_, options); }

 public:
  // Whether `make` is asked for the second cache of a pair, which finds what the first stored if it can.
  static bool& SecondOfAPair();

 protected:
  // The calls, made to wait for their answer.
  GetOutcome Get(int question, const std::string& ns = "default");
  absl::StatusOr<SetOutcome> Set(const Answer& answer);
  absl::StatusOr<InvalidateOutcome> Invalidate(const InvalidationTarget& target, bool dry_run = false);
  // Whether it was, in the end.
  bool Acknowledged(const InvalidationTarget& target);

  std::optional<Hit> Find(int question, const std::string& ns = "default");
  std::optional<std::string> PayloadOf(int question, const std::string& ns = "default");
  FillToken TokenOf(int question, const std::string& ns = "default");  // Of a miss, which it must be.

  FakeClock clock_;
  StatsLedger ledger_{LedgerOptions{}, &clock_};
  std::unique_ptr<Cache> cache_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_SUPPORT_CACHE_CONFORMANCE_H_

// The memory tier beside RocksDB's LRUCache and HyperClockCache: one million entries of 512 bytes, hits drawn from a
// Zipf distribution (0.99), 1 to 8 threads; and the heap that each takes per entry beyond key and payload.
//
// All three run in one process and in random order, so that what the machine does meanwhile happens to all of them.
// Every hit finds the entry, takes a reference, reads the first byte of the payload and gives the reference back. Ours
// also compares the namespace, reads the clock, checks expiry and validity, and counts the hit.
//
// Debian builds librocksdb with assertions: quote the ratios as against that. HyperClockCache takes keys of 16 bytes
// only, so it gets half a digest.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <rocksdb/cache.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "cachecore/clock.h"
#include "cachecore/memory_cache.h"
#include "cachecore/stats_ledger.h"

namespace paracle::cachecore {
namespace {

constexpr size_t kEntries = 1'000'000;
constexpr size_t kPayloadBytes = 512;
constexpr size_t kDraws = size_t{1} << 20;
constexpr double kZipf = 0.99;

const std::vector<Digest>& Digests() {
  static const auto* const digests = [] {
    auto* all = new std::vector<Digest>(kEntries);
    std::mt19937_64 random(1);
    for (Digest& digest : *all) {
      for (size_t i = 0; i < Digest::kSize; i += 8) {
        const uint64_t word = random();
        std::memcpy(&digest.bytes[i], &word, 8);
      }
    }
    return all;
  }();
  return *digests;
}

// What the lookups ask for, one after the other: a digest that was just received is in the processor's cache, so they
// are laid out as they will be read. Popularity has nothing to do with the order of insertion.
const std::vector<Digest>& Draws() {
  static const auto* const draws = [] {
    std::mt19937_64 random(2);
    std::vector<uint32_t> by_rank(kEntries);
    std::iota(by_rank.begin(), by_rank.end(), 0);
    std::shuffle(by_rank.begin(), by_rank.end(), random);
    std::vector<double> cumulated(kEntries);
    double sum = 0;
    for (size_t i = 0; i < kEntries; ++i) cumulated[i] = sum += std::pow(static_cast<double>(i + 1), -kZipf);
    std::uniform_real_distribution<double> uniform(0, sum);
    auto* all = new std::vector<Digest>(kDraws);
    for (Digest& draw : *all) {
      const size_t rank = std::lower_bound(cumulated.begin(), cumulated.end(), uniform(random)) - cumulated.begin();
      draw = Digests()[by_rank[std::min(rank, kEntries - 1)]];
    }
    return all;
  }();
  return *draws;
}

size_t HeapInUse() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Key and payload are what a cache must hold anyway.
template <typename Filled>
struct Measured {
  std::unique_ptr<Filled> cache;
  double bookkeeping_bytes = 0;  // Per entry.
};

template <typename Filled>
Measured<Filled> FillAndMeasure() {
  const size_t before = HeapInUse();
  auto filled = std::make_unique<Filled>();
  filled->Fill();
  const double bytes = static_cast<double>(HeapInUse() - before) / kEntries;
  return {std::move(filled), bytes - static_cast<double>(Filled::kKeyBytes + kPayloadBytes)};
}

class Paracle {
 public:
  static constexpr size_t kKeyBytes = Digest::kSize;

  void Fill() {
    const std::string payload(kPayloadBytes, 'x');
    const absl::string_view pieces[] = {payload};
    EntrySpec spec;
    spec.provider = "openai";
    spec.model = "gpt-4";
    spec.content_type = "application/json";
    spec.payload = pieces;
    spec.ttl = absl::Hours(24);
    spec.origin = {.prompt_tokens = 10, .completion_tokens = 20, .cost_usd = 0.001, .latency = absl::Seconds(1)};
    for (const Digest& digest : Digests()) {
      spec.id = {.ns = "default", .digest = digest};
      if (!cache_.Store(spec)->stored_in_memory) std::abort();
    }
  }

  bool Touch(const Digest& digest) {
    const std::optional<Hit> hit = cache_.Lookup({.ns = "default", .digest = digest});
    if (!hit) return false;
    benchmark::DoNotOptimize(hit->entry->payload()[0]);
    return true;
  }

 private:
  StatsLedger ledger_{LedgerOptions{}, Clock::System()};
  MemoryCache cache_{{.max_entries = 2 * kEntries, .max_bytes = size_t{4} << 30}, &ledger_, Clock::System()};
};

struct Lru {
  static constexpr size_t kKeyBytes = Digest::kSize;
  static std::shared_ptr<rocksdb::Cache> Make() { return rocksdb::NewLRUCache(size_t{4} << 30); }
};

struct HyperClock {
  static constexpr size_t kKeyBytes = 16;
  static std::shared_ptr<rocksdb::Cache> Make() {
    constexpr size_t kCharge = kPayloadBytes + 128;
    return rocksdb::HyperClockCacheOptions(kEntries * kCharge * 3 / 2, kCharge).MakeSharedCache();
  }
};

template <typename Kind>
class RocksDb {
 public:
  static constexpr size_t kKeyBytes = Kind::kKeyBytes;

  void Fill() {
    for (const Digest& digest : Digests()) {
      char* const payload = static_cast<char*>(std::malloc(kPayloadBytes));
      std::memset(payload, 'x', kPayloadBytes);
      const auto free_payload = [](const rocksdb::Slice&, void* value) { std::free(value); };
      if (!cache_->Insert(KeyOf(digest), payload, kPayloadBytes, free_payload).ok()) std::abort();
    }
  }

  bool Touch(const Digest& digest) {
    rocksdb::Cache::Handle* const handle = cache_->Lookup(KeyOf(digest));
    if (handle == nullptr) return false;
    benchmark::DoNotOptimize(*static_cast<const char*>(cache_->Value(handle)));
    cache_->Release(handle);
    return true;
  }

 private:
  static rocksdb::Slice KeyOf(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.bytes.data()), kKeyBytes};
  }

  const std::shared_ptr<rocksdb::Cache> cache_ = Kind::Make();
};

template <typename Filled>
void Hits(benchmark::State& state, Filled* filled) {
  const std::vector<Digest>& draws = Draws();
  size_t next = static_cast<size_t>(state.thread_index()) * (kDraws / 8);
  size_t misses = 0;
  for (auto _ : state) {
    misses += filled->Touch(draws[next++ % kDraws]) ? 0 : 1;
  }
  if (misses != 0) state.SkipWithError("an entry is missing");
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

// Keeps the medians for the summary.
class Summary : public benchmark::ConsoleReporter {
 public:
  Summary() : ConsoleReporter(OO_None) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.aggregate_name == "median") rates_[run.run_name.str()] = run.counters.at("items_per_second");
    }
    ConsoleReporter::ReportRuns(runs);
  }

  double RateOf(const std::string& cache, int threads) const {
    for (const auto& [name, rate] : rates_) {
      const std::string suffix = "/threads:" + std::to_string(threads);
      if (name.rfind(cache + "/", 0) == 0 && name.size() >= suffix.size() &&
          name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
        return rate;
      }
    }
    return 0;
  }

 private:
  std::map<std::string, double> rates_;
};

template <typename Filled>
void Register(const char* name, Filled* filled) {
  for (int threads : {1, 2, 4, 8}) {
    benchmark::RegisterBenchmark(name, [filled](benchmark::State& state) { Hits(state, filled); })
        ->Threads(threads)
        ->UseRealTime()
        ->MinTime(0.3)
        ->Repetitions(5)
        ->ReportAggregatesOnly();
  }
}

void Print(const char* what, double value, const char* unit, const char* must, bool met) {
  std::printf("%-58s %8.2f %-6s must reach %-8s %s\n", what, value, unit, must, met ? "met" : "MISSED");
}

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  (void)Digests();
  (void)Draws();

  const auto paracle = FillAndMeasure<Paracle>();
  const auto lru = FillAndMeasure<RocksDb<Lru>>();
  const auto clock = FillAndMeasure<RocksDb<HyperClock>>();
  Register("paracle", paracle.cache.get());
  Register("rocksdb_lru", lru.cache.get());
  Register("rocksdb_hyperclock", clock.cache.get());

  Summary summary;
  benchmark::RunSpecifiedBenchmarks(&summary);
  std::printf("\nMedians of one run; RocksDB as Debian builds it, assertions on.\n");
  const double alone = summary.RateOf("paracle", 1);
  if (alone > 0)
    Print("memory: a hit, 1e6 entries, one thread, Zipf 0.99", 1e9 / alone, "ns", "<= 200", 1e9 / alone <= 200);
  for (int threads : {1, 2, 4, 8}) {
    const double lru_rate = summary.RateOf("rocksdb_lru", threads);
    if (lru_rate == 0) continue;
    const double ratio = summary.RateOf("paracle", threads) / lru_rate;
    const std::string what = "memory: hits/s over RocksDB LRUCache, threads: " + std::to_string(threads);
    Print(what.c_str(), ratio, "x", ">= 2", ratio >= 2);
    std::printf("%-58s %8.2f x\n", "  (over HyperClockCache)",
                summary.RateOf("paracle", threads) / summary.RateOf("rocksdb_hyperclock", threads));
  }
  Print("memory: bookkeeping per entry, malloc'd", paracle.bookkeeping_bytes, "bytes", "<= 128",
        paracle.bookkeeping_bytes <= 128);
  std::printf("%-58s %8.2f and %.2f bytes\n", "  (RocksDB LRUCache, HyperClockCache)", lru.bookkeeping_bytes,
              clock.bookkeeping_bytes);
  return 0;
}

}  // namespace
}  // namespace paracle::cachecore

int main(int argc, char** argv) { return paracle::cachecore::Main(argc, argv); }

// The suite of every Cache, on Redis alone and on memory in front of it. Each cache has a prefix of its own, so that it
// begins empty; only the second of a pair that shall survive a restart takes the prefix of the first.
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "tests/cachecore/redis_stack.h"
#include "tests/cachecore/sealing_keys.h"
#include "tests/support/cache_conformance.h"

namespace paracle::cachecore {
namespace {

using support::ServerKind;

support::RedisProcess& Server(ServerKind kind) {
  static std::map<ServerKind, support::RedisProcess> servers;
  return servers.try_emplace(kind, support::RedisOptions{.kind = kind}).first->second;
}

std::string WhyMissing(ServerKind kind) {
  if (support::RedisProcess::Available(kind)) return "";
  return kind == ServerKind::kRedis ? "no redis-server in PATH" : "no valkey-server in PATH";
}

std::string NextPrefix() {
  static int count = 0;
  return absl::StrCat("conformance", ++count, ":");
}

// What a test sees of a stack: one of its caches.
class Served final : public Cache {
 public:
  Served(CacheStack stack, bool shared_alone)
      : stack_(std::move(stack)), cache_(shared_alone ? static_cast<Cache&>(stack_.shared->cache()) : *stack_.cache) {}

  void Get(const EntryId& id, absl::Time deadline, GetDone done) override { cache_.Get(id, deadline, std::move(done)); }
  void Set(const EntrySpec& spec, absl::Time deadline, SetDone done) override {
    cache_.Set(spec, deadline, std::move(done));
  }
  void Invalidate(const InvalidationTarget& target, bool dry_run, InvalidateDone done) override {
    cache_.Invalidate(target, dry_run, std::move(done));
  }
  Usage GetUsage() const override { return cache_.GetUsage(); }

 private:
  CacheStack stack_;
  Cache& cache_;
};

template <ServerKind kind, bool shared_alone, bool sealed = false>
std::unique_ptr<Cache> Make(const Clock* clock, StatsLedger* ledger, const MemoryCacheOptions& memory) {
  static std::string prefix;
  if (!CacheConformance::SecondOfAPair()) prefix = NextPrefix();
  CacheOptions options;
  options.memory = memory;
  options.shared = SharedOptions(Server(kind).Url(), prefix);
  if (sealed) options.shared->keys = SomeKeys();
  CacheStack stack = *MakeCache(options, ledger, clock);
  EXPECT_TRUE(Eventually([&] { return stack.shared->status().usable; }));
  return std::make_unique<Served>(std::move(stack), shared_alone);
}

template <ServerKind kind, bool sealed = false>
Backend Alone(std::string name) {
  return {.name = std::move(name),
          .make = Make<kind, true, sealed>,
          .exact_lru = false,
          .counts_exactly = false,
          .counts_hits = false,
          .has_usage = false,
          .monotonic_expiry = false,
          .why_not = "the shared tier does not know what it holds, and replicas agree on the wall clock alone",
          .why_missing = WhyMissing(kind)};
}

template <ServerKind kind, bool sealed = false>
Backend BehindMemory(std::string name) {
  return {.name = std::move(name),
          .make = Make<kind, false, sealed>,
          .exact_lru = false,
          .counts_exactly = false,
          .monotonic_expiry = false,
          .why_not =
              "what memory pushes out, Redis still has, where it is not counted; and replicas agree on the wall "
              "clock alone",
          .why_missing = WhyMissing(kind)};
}

INSTANTIATE_TEST_SUITE_P(Redis, CacheConformance,
                         testing::Values(Alone<ServerKind::kRedis>("redis"),
                                         BehindMemory<ServerKind::kRedis>("memory_and_redis"),
                                         Alone<ServerKind::kRedis, true>("sealed_redis"),
                                         BehindMemory<ServerKind::kRedis, true>("memory_and_sealed_redis"),
                                         Alone<ServerKind::kValkey>("valkey"),
                                         BehindMemory<ServerKind::kValkey>("memory_and_valkey")),
                         BackendName);

}  // namespace
}  // namespace paracle::cachecore

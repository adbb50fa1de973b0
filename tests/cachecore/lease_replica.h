// One of several servers that share a Redis, with leases, for tests.
#ifndef PARACLE_TESTS_CACHECORE_LEASE_REPLICA_H_
#define PARACLE_TESTS_CACHECORE_LEASE_REPLICA_H_

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "tests/cachecore/lease_caller.h"
#include "tests/cachecore/redis_stack.h"

namespace paracle::cachecore {

inline constexpr char kLeasePrefix[] = "leased:";

class LeaseReplica {
 public:
  explicit LeaseReplica(const std::string& url, const LeaseOptions& leases = {},
                        absl::Duration operation_timeout = absl::Seconds(2),
                        Consistency consistency = Consistency::kAvailable) {
    CacheOptions options;
    options.leases = leases;
    options.shared = SharedOptions(url, kLeasePrefix);
    options.shared->client.operation_timeout = operation_timeout;
    options.shared->consistency = consistency;
    options.shared->client.connect_timeout = absl::Milliseconds(200);
    stack_ = std::make_unique<CacheStack>(*MakeCache(options, &ledger_, Clock::System()));
  }

  LeasedCache& cache() { return *stack_->leases; }
  bool usable() { return stack_->shared->status().usable; }
  bool WaitUntilUsable(bool wanted = true) {
    return Eventually([&] { return usable() == wanted && cache().counters().alone != wanted; });
  }

  Caller& Ask(int question, const CallerOptions& options = {}) {
    return callers_.emplace_back(question, options).Ask(cache());
  }
  // One that is to wait. It must: see that it is in the line.
  Caller& AskAndWait(int question, const CallerOptions& options = {}) {
    const int64_t before = cache().counters().waiting;
    Caller& caller = Ask(question, options);
    EXPECT_TRUE(Eventually([&] { return cache().counters().waiting == before + 1; })) << caller.told();
    return caller;
  }

  // Of the history of invalidations that it knows; a restart of Redis begins another.
  uint64_t Epoch() {
    std::promise<FillToken> told;
    Cache& plain = cache();
    plain.Get({.ns = "default", .digest = DigestOfQuestion(-1)}, absl::InfiniteFuture(),
              [&](GetOutcome outcome) { told.set_value(std::get<Miss>(outcome).fill_token); });
    return told.get_future().get().epoch;
  }

  void Destroy() { stack_.reset(); }

 private:
  StatsLedger ledger_{{}, Clock::System()};
  std::deque<Caller> callers_;
  std::unique_ptr<CacheStack> stack_;
};

// Until all replicas hear the channel.
inline bool WaitUntilSubscribed(support::RedisProcess& server, int replicas) {
  return Eventually([&] {
    const support::RedisReply reply = server.Command({"PUBSUB", "NUMSUB", std::string(kLeasePrefix) + "leases"});
    return reply.elements.size() == 2 && reply.elements[1].integer == replicas;
  });
}

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_LEASE_REPLICA_H_

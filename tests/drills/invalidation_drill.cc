// P3 and P7: three replicas with one Redis, a tenth of the messages lost, and every acknowledged Invalidate is seen by
// all of them soon, and for good, whatever fill lands late.
#include <array>
#include <atomic>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/drills/drill.h"
#include "tests/drills/latencies.h"
#include "tests/drills/replica_client.h"
#include "tests/drills/stage.h"
#include "tests/drills/tracked_entry.h"

namespace paracle::drills {
namespace {

constexpr size_t kReplicas = 3;
constexpr int kInvalidators = 8;
constexpr int kEntriesEach = 4;
constexpr int kLoadersOfReplica = 2;
constexpr double kLostMessages = 0.1;
constexpr absl::Duration kP99 = absl::Milliseconds(250);
constexpr absl::Duration kPoll = absl::Milliseconds(1);
constexpr absl::Duration kLoadPause = absl::Milliseconds(8);
constexpr absl::Duration kThinking = absl::Milliseconds(3);  // Of the models, at most.

// Each through a proxy of its own, so that a message that one misses reaches the others.
struct Replica {
  Replica(const std::string& program, const support::RedisProcess& redis)
      : proxy(redis.Port()), server(program, ServerFlags(proxy.Url())) {}
  support::FaultProxy proxy;
  CacheServer server;
};

using Replicas = std::vector<std::unique_ptr<Replica>>;
using Clients = std::vector<ReplicaClient>;

Clients ClientsOf(const Replicas& replicas) {
  Clients clients;
  for (const auto& replica : replicas) clients.emplace_back(replica->server);
  return clients;
}

struct Counts {
  Latencies seen;          // From the acknowledgement until no replica served what was invalidated.
  int64_t never_seen = 0;  // Within the hard bound.
  int64_t came_back = 0;   // Served again after it had been gone everywhere.
  int64_t late_fills = 0;  // Begun before an Invalidate, stored after it.
  int64_t unprepared = 0;  // Some replica did not come to have the entry: nothing was measured.
  std::array<int64_t, 4> of_kind = {};
  ReplicaCounts calls;
};

// Stores, invalidates and watches, one entry after the other.
class Invalidator {
 public:
  Invalidator(const Replicas& replicas, int number) : clients_(ClientsOf(replicas)), turn_(number) {
    for (int i = 0; i < kEntriesEach; ++i) entries_.emplace_back(number * kEntriesEach + i);
  }

  std::deque<TrackedEntry>& entries() { return entries_; }

  void Run(std::atomic<int64_t>* left) {
    for (; left->fetch_sub(1) > 0; ++turn_) Once(entries_[turn_ % kEntriesEach]);
  }

  Counts counts() const {
    Counts counts = counts_;
    for (const ReplicaClient& client : clients_) counts.calls.Add(client.counts());
    return counts;
  }

 private:
  void Once(TrackedEntry& entry) {
    const uint64_t version = entry.truth();
    if (!Prepare(entry, version)) {
      ++counts_.unprepared;
      return;
    }
    // 3, 4 and kEntriesEach have to meet in every combination.
    const auto kind = static_cast<InvalidateKind>(turn_ / kEntriesEach % 4);
    entry.Advance();
    if (!clients_[turn_ % kReplicas].Invalidate(entry, kind)) return;
    const absl::Time acknowledged = absl::Now();
    entry.Acknowledge(version + 1, acknowledged);
    ++counts_.of_kind[static_cast<size_t>(kind)];
    // Whoever made this fill began before the Invalidate and does not know of it.
    if (turn_ % 5 == 0) FillLate(entry, version);
    Watch(entry, version, acknowledged);
  }

  void FillLate(const TrackedEntry& entry, uint64_t version) {
    ++counts_.late_fills;
    clients_[(turn_ + 1) % kReplicas].Set(entry, version, early_token_);
  }

  // Has every replica serve this version.
  bool Prepare(const TrackedEntry& entry, uint64_t version) {
    const absl::Time give_up = absl::Now() + 2 * kHardBound;
    for (ReplicaClient& client : clients_) {
      for (auto answer = client.Get(entry); answer.version != version; answer = client.Get(entry)) {
        if (absl::Now() > give_up) return false;
        if (!answer.fill_token.empty()) {
          client.Set(entry, version, answer.fill_token);
          early_token_ = answer.fill_token;
        }
        absl::SleepFor(kPoll);
      }
    }
    return true;
  }

  void Watch(const TrackedEntry& entry, uint64_t version, absl::Time acknowledged) {
    for (ReplicaClient& client : clients_) {
      while (Serves(client, entry, version)) {
        if (absl::Now() > acknowledged + kHardBound) {
          ++counts_.never_seen;
          return;
        }
        absl::SleepFor(kPoll);
      }
    }
    counts_.seen.Add(absl::Now() - acknowledged);
    for (ReplicaClient& client : clients_) counts_.came_back += Serves(client, entry, version) ? 1 : 0;
  }

  static bool Serves(ReplicaClient& client, const TrackedEntry& entry, uint64_t version) {
    const uint64_t served = client.Get(entry).version;
    return served != 0 && served <= version;
  }

  Clients clients_;
  uint64_t turn_;
  std::deque<TrackedEntry> entries_;
  std::string early_token_;
  Counts counts_;
};

// Agents that ask one replica for the same entries, and fill what they miss after some thought.
class Loader {
 public:
  Loader(const CacheServer& replica, std::vector<const TrackedEntry*> entries, uint64_t seed)
      : client_(replica), entries_(std::move(entries)), random_(seed) {}

  void Run(const std::atomic<bool>* stop) {
    while (!*stop) {
      const TrackedEntry& entry = *entries_[random_() % entries_.size()];
      const ReplicaClient::Answer answer = client_.Get(entry);
      if (!answer.fill_token.empty()) Fill(entry, answer.fill_token);
      absl::SleepFor(kLoadPause);
    }
  }

  const ReplicaCounts& counts() const { return client_.counts(); }

 private:
  // The truth is read after the token was given: that makes the fill a valid one, or one that the mark refuses.
  void Fill(const TrackedEntry& entry, const std::string& token) {
    const uint64_t version = entry.truth();
    absl::SleepFor(kThinking * std::uniform_real_distribution<double>()(random_));
    client_.Set(entry, version, token);
  }

  ReplicaClient client_;
  const std::vector<const TrackedEntry*> entries_;
  std::mt19937_64 random_;
};

class Drill {
 public:
  explicit Drill(const DrillOptions& options) : options_(options), invalidations_(options.brief ? 300 : 10'000) {}

  bool Run() {
    StartReplicas();
    for (int i = 0; i < kInvalidators; ++i) invalidators_.emplace_back(replicas_, i);
    MakeLoaders();
    Work();
    Print();
    Judge();
    return verdict_.Tell("drill invalidation");
  }

 private:
  void StartReplicas() {
    for (size_t i = 0; i < kReplicas; ++i) replicas_.push_back(std::make_unique<Replica>(options_.server, redis_));
    for (const auto& replica : replicas_) {
      verdict_.Expect(replica->server.AwaitShared(absl::Seconds(10)), "every replica uses Redis");
      replica->proxy.Set(support::Fault::DropMessages(kLostMessages));
    }
  }

  void MakeLoaders() {
    std::vector<const TrackedEntry*> all;
    for (Invalidator& invalidator : invalidators_) {
      for (const TrackedEntry& entry : invalidator.entries()) all.push_back(&entry);
    }
    for (int i = 0; i < kLoadersOfReplica; ++i) {
      for (const auto& replica : replicas_) loaders_.emplace_back(replica->server, all, loaders_.size());
    }
  }

  void Work() {
    std::atomic<bool> stop = false;
    std::atomic<int64_t> left = invalidations_;
    std::vector<std::thread> loading, invalidating;
    for (Loader& loader : loaders_) loading.emplace_back([&] { loader.Run(&stop); });
    for (Invalidator& one : invalidators_) invalidating.emplace_back([&] { one.Run(&left); });
    for (std::thread& thread : invalidating) thread.join();
    // What was invalidated last has to stay away beyond the hard bound, too.
    absl::SleepFor(kHardBound + absl::Milliseconds(500));
    stop = true;
    for (std::thread& thread : loading) thread.join();
    for (const Invalidator& one : invalidators_) Add(one.counts());
    for (const Loader& loader : loaders_) load_.Add(loader.counts());
  }

  void Add(const Counts& others) {
    sum_.seen.Add(others.seen);
    sum_.never_seen += others.never_seen;
    sum_.came_back += others.came_back;
    sum_.late_fills += others.late_fills;
    sum_.unprepared += others.unprepared;
    for (size_t i = 0; i < sum_.of_kind.size(); ++i) sum_.of_kind[i] += others.of_kind[i];
    sum_.calls.Add(others.calls);
  }

  int64_t Messages(std::atomic<int64_t> support::FaultCounters::*which) const {
    int64_t sum = 0;
    for (const auto& replica : replicas_) sum += replica->proxy.counters().*which;
    return sum;
  }

  std::string Seen(double share) const {
    return absl::StrFormat("%.1f", absl::ToDoubleMilliseconds(sum_.seen.Quantile(share)));
  }

  void Print() const {
    std::printf("%s\n",
                absl::StrFormat("invalidations: %d by digest, %d by tag, %d by model, %d of namespaces; %d of %d "
                                "messages lost",
                                sum_.of_kind[0], sum_.of_kind[1], sum_.of_kind[2], sum_.of_kind[3],
                                Messages(&support::FaultCounters::dropped_messages),
                                Messages(&support::FaultCounters::messages))
                    .c_str());
    std::printf("%s\n",
                absl::StrFormat("load: %d hits, %d misses, %d Sets; %d late fills, of all %d refused", load_.hits,
                                load_.misses, load_.sets, sum_.late_fills, sum_.calls.refused + load_.refused)
                    .c_str());
    std::printf("seen by every replica after ms: p50 %s, p99 %s (bound %s), max %s\n", Seen(0.5).c_str(),
                Seen(0.99).c_str(), absl::FormatDuration(options_.leniency() * kP99).c_str(), Seen(1).c_str());
    std::printf("%s\n", absl::StrFormat("stale after %s: %d, came back: %d, wrong: %d, failed: %d",
                                        absl::FormatDuration(kHardBound), Stale(), sum_.came_back, Wrong(), Failed())
                            .c_str());
  }

  int64_t Stale() const { return sum_.never_seen + sum_.calls.stale + load_.stale; }
  int64_t Wrong() const { return sum_.calls.wrong + load_.wrong; }
  int64_t Failed() const { return sum_.calls.failed + sum_.calls.unavailable + load_.failed; }

  void Judge() {
    const auto measured = static_cast<int64_t>(sum_.seen.count()) + sum_.never_seen;
    verdict_.Expect(measured >= invalidations_ * 95 / 100,
                    absl::StrCat("enough to tell: only ", measured, " measured, ", sum_.unprepared, " unprepared"));
    verdict_.Expect(Messages(&support::FaultCounters::dropped_messages) >= invalidations_ / 10, "enough messages lost");
    verdict_.Expect(load_.hits >= invalidations_ / 2 && load_.sets > 0, "enough load to tell");
    verdict_.Expect(sum_.seen.Quantile(0.99) <= options_.leniency() * kP99, "p99 until every replica has seen it");
    verdict_.Expect(Stale() == 0, "nothing stale is served beyond the hard bound");
    verdict_.Expect(sum_.came_back == 0, "nothing comes back");
    verdict_.Expect(Wrong() == 0, "no answer is wrong");
    verdict_.Expect(Failed() == 0,
                    absl::StrCat("no call fails; the first: ", sum_.calls.first_failure, load_.first_failure));
  }

  const DrillOptions& options_;
  const int64_t invalidations_;
  support::RedisProcess redis_;
  Replicas replicas_;
  std::deque<Invalidator> invalidators_;
  std::deque<Loader> loaders_;
  Counts sum_;
  ReplicaCounts load_;
  Verdict verdict_;
};

}  // namespace

bool InvalidationDrill(const DrillOptions& options) { return Drill(options).Run(); }

}  // namespace paracle::drills

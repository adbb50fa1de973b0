// A shared tier that is a Cluster, or has Sentinels: when a primary dies or freezes, or slots move, no Get fails, no
// answer is wrong or invalidated, what the others have is served on, and soon all of it again.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/drills/cold_entries.h"
#include "tests/drills/drill.h"
#include "tests/drills/invalidation_load.h"
#include "tests/drills/shared_versions.h"
#include "tests/drills/stage.h"
#include "tests/drills/topology.h"
#include "tests/drills/topology_row.h"
#include "tests/drills/topology_traffic.h"
#include "tests/drills/traffic.h"

namespace paracle::drills {
namespace {

using support::RedisCluster;
using support::ServerKind;

constexpr int kNamespaces = 16;
constexpr size_t kPayloadBytes = 256;
constexpr int kMovedSlots = 1'000;
constexpr absl::Duration kShortestMove = absl::Seconds(2);
constexpr absl::Duration kSlack = absl::Milliseconds(10);
constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kLag = absl::Milliseconds(500);
constexpr char kMarks[] = "paracle:llm:{marks}:state";

enum class Harm { kKill, kKillLagging, kFreeze };

std::string NameOf(Harm harm) {
  if (harm == Harm::kFreeze) return "SIGSTOP";
  return harm == Harm::kKill ? "kill -9" : "kill -9 lagging";
}

struct Plan {
  int servers;
  int entries_each;         // Of a namespace.
  int kills, freezes;       // Of one topology. At every second kill its replicas lack the last half second.
  int moves;                // Of slots; every second one moves the marks, too.
  absl::Duration before;    // Traffic, all well.
  absl::Duration node_timeout;
};

Plan PlanOf(bool brief) {
  if (brief) return {2, 100, 2, 1, 1, absl::Milliseconds(500), absl::Seconds(1)};
  return {3, 250, 10, 10, 2, absl::Seconds(2), absl::Seconds(2)};
}

TopologyBounds BoundsOf(const DrillOptions& options) {
  return {.gets_per_second = 1'000,
          .back = (options.brief ? 2 : 1) * absl::Seconds(2),
          .latency = options.leniency() * (kOperationTimeout + kSlack),
          .living_share = 0.9};
}

// One topology of one kind, with its servers and everything that happens to it.
class Play {
 public:
  Play(const DrillOptions& options, std::string where, std::unique_ptr<Topology> topology, Verdict* verdict)
      : program_(options.server),
        plan_(PlanOf(options.brief)),
        bounds_(BoundsOf(options)),
        where_(std::move(where)),
        topology_(std::move(topology)),
        pool_(kNamespaces, plan_.entries_each, kPayloadBytes),
        versions_(pool_, topology_.get()),
        verdict_(*verdict) {
    for (int i = 0; i < plan_.servers; ++i) servers_.push_back(NewServer());
  }

  void Run() {
    Prepare();
    InvalidationLoad invalidations(servers_);
    for (int i = 0; i < plan_.kills; ++i) Fail(i % 2 == 1 ? Harm::kKillLagging : Harm::kKill, i % 3 == 1);
    for (int i = 0; i < plan_.freezes; ++i) Fail(Harm::kFreeze, i % 3 == 1);
    for (int i = 0; topology_->cluster() != nullptr && i < plan_.moves; ++i) Move(i % 2 == 1);
    JudgeInvalidations(invalidations.End());
    for (const auto& server : servers_) verdict_.Expect(server->Running(), where_ + ": every server goes on");
  }

 private:
  std::unique_ptr<CacheServer> NewServer() const {
    return std::make_unique<CacheServer>(program_, ServerFlags(topology_->Url()));
  }

  void Prepare() {
    for (const auto& server : servers_) {
      verdict_.Expect(server->AwaitShared(absl::Seconds(10)), where_ + ": every server uses Redis when it is well");
    }
    StoreAll(*servers_[0], &pool_);
  }

  // In a Cluster, of the primary that has the marks, or of another one; with Sentinels there is one.
  void Fail(Harm harm, bool marks_too) {
    Prepare();
    const std::vector<int> owners = topology_->Owners();
    const int marks = owners[topology_->SlotOf(kMarks)];
    const auto other = std::find_if(owners.begin(), owners.end(), [&](int owner) { return owner != marks; });
    const int victim = marks_too || other == owners.end() ? marks : *other;
    TopologyFault fault = FaultOf(NameOf(harm), Slots(owners, victim), victim == marks);
    const auto slot = static_cast<int>(std::find(owners.begin(), owners.end(), victim) - owners.begin());
    cold_.Store(*servers_[0]);
    TopologyTraffic traffic(servers_, &pool_, {.gets_per_second = bounds_.gets_per_second});
    absl::SleepFor(plan_.before);
    Inflict(harm, victim, &fault);
    const int successor = topology_->AwaitSuccessor(victim, slot);
    if (successor >= 0) {
      fault.end = absl::Now();
      fault.acknowledged = versions_.Look(traffic.log(), fault.concerned, successor);
      AwaitBack(fault, traffic);
      if (harm == Harm::kKillLagging) AskNewcomer();
    }
    fault.well_again = successor >= 0 && Cure(harm, victim, successor);
    Conclude(fault, traffic);
  }

  // What was invalidated just before, Redis may have forgotten; the servers that run have heard of it.
  void AskNewcomer() {
    const std::unique_ptr<CacheServer> newcomer = NewServer();
    verdict_.Expect(newcomer->AwaitShared(absl::Seconds(10)), where_ + ": a new server uses Redis");
    cold_.Ask(*newcomer);
  }

  // While a primary that was replaced comes back, it takes itself for what it was.
  bool Cure(Harm harm, int victim, int successor) {
    topology_->Undeafen();
    if (!topology_->AwaitAgreed(successor)) return false;
    if (harm == Harm::kFreeze) {
      topology_->Continue(victim);
    } else {
      topology_->Restart(victim);
    }
    return topology_->AwaitWell();
  }

  void Inflict(Harm harm, int victim, TopologyFault* fault) {
    if (harm == Harm::kKillLagging) {
      fault->loss = TopologyFault::Loss::kMust;
      topology_->Deafen(victim);
      cold_.Invalidate(*servers_[0]);
      absl::SleepFor(kLag);
    }
    fault->begin = absl::Now();
    if (harm == Harm::kFreeze) {
      topology_->Stop(victim);
    } else {
      topology_->Kill(victim);
    }
  }

  void Move(bool marks_too) {
    Prepare();
    RedisCluster& cluster = *topology_->cluster();
    const std::vector<int> owners = cluster.Owners();
    const std::vector<bool> slots = SlotsToMove(owners, marks_too);
    const auto first = static_cast<int>(std::find(slots.begin(), slots.end(), true) - slots.begin());
    const int from = owners[first];
    const int to = *std::find_if(owners.begin(), owners.end(), [&](int owner) { return owner != from; });
    TopologyFault fault = FaultOf("move slots", slots, marks_too);
    fault.loss = TopologyFault::Loss::kNone;
    TopologyTraffic traffic(servers_, &pool_, {.gets_per_second = bounds_.gets_per_second});
    absl::SleepFor(plan_.before);
    fault.begin = absl::Now();
    int moved = 0;
    for (int slot = 0; slot < RedisCluster::kSlots; ++slot) {
      if (!slots[slot]) continue;
      // A sixteenth of the traffic is concerned: in less time there would be too little of it to tell.
      absl::SleepFor(fault.begin + kShortestMove * moved++ / kMovedSlots - absl::Now());
      cluster.MoveSlot(slot, from, to);
    }
    fault.end = absl::Now();
    fault.acknowledged = versions_.Look(traffic.log(), fault.concerned, to);
    AwaitBack(fault, traffic);
    fault.well_again = topology_->AwaitWell();
    Conclude(fault, traffic);
  }

  // All of one primary.
  std::vector<bool> SlotsToMove(const std::vector<int>& owners, bool marks_too) {
    const int marks = topology_->SlotOf(kMarks);
    const auto wanted = [&](int slot) { return (owners[slot] == owners[marks]) == marks_too; };
    int first = 0;
    while (!wanted(first)) ++first;
    std::vector<bool> slots(owners.size(), false);
    slots[marks] = marks_too;
    int left = kMovedSlots - (marks_too ? 1 : 0);
    for (int slot = first; slot < RedisCluster::kSlots && left > 0; ++slot) {
      if (owners[slot] != owners[first] || slots[slot]) continue;
      slots[slot] = true;
      --left;
    }
    return slots;
  }

  static std::vector<bool> Slots(const std::vector<int>& owners, int victim) {
    std::vector<bool> slots;
    for (const int owner : owners) slots.push_back(owner == victim);
    return slots;
  }

  TopologyFault FaultOf(const std::string& name, const std::vector<bool>& slots, bool marks_too) const {
    const bool some = marks_too && topology_->cluster() != nullptr;
    return {.where = where_,
            .name = some ? name + ", marks" : name,
            .begin = {},
            .concerned = versions_.InSlots(slots),
            .marks_too = marks_too};
  }

  void AwaitBack(const TopologyFault& fault, const TopologyTraffic& traffic) const {
    const size_t first = traffic.log().gets();
    const absl::Time give_up = fault.end + 3 * bounds_.back;
    while (absl::Now() < give_up) {
      if (BackAfter(fault, traffic.log(), plan_.servers, first) < absl::InfiniteDuration()) return;
      absl::SleepFor(kPoll);
    }
  }

  void Conclude(const TopologyFault& fault, TopologyTraffic& traffic) {
    traffic.End();
    const TopologyRow row = RowOf(fault, traffic.log(), plan_.servers);
    Print(fault, row);
    Judge(fault, row, traffic.log().first_failure(), bounds_, &verdict_);
  }

  void JudgeInvalidations(const InvalidationLoad::Counts& counts) {
    ReplicaCounts calls = counts.calls;
    calls.Add(cold_.counts());
    const std::string line = absl::StrFormat(
        "%-15s invalidations: %d acknowledged, %d told to repeat; %d hits, %d fills, %d late ones, %d refused; "
        "stale after %s: %d",
        where_, counts.acknowledged + cold_.acknowledged(), calls.unavailable, calls.hits, calls.sets,
        counts.late_fills, calls.refused, absl::FormatDuration(kHardBound), calls.stale);
    std::printf("%s\n", line.c_str());
    const int faults = plan_.kills + plan_.freezes;
    verdict_.Expect(counts.acknowledged >= 10 * faults, where_ + ": enough invalidations to tell");
    verdict_.Expect(cold_.acknowledged() >= 10, where_ + ": enough invalidations that Redis forgets");
    verdict_.Expect(calls.stale == 0, where_ + ": nothing invalidated is served beyond the hard bound");
    verdict_.Expect(calls.wrong == 0, where_ + ": no answer of what is invalidated is wrong");
    verdict_.Expect(calls.failed == 0, absl::StrCat(where_, ": none of these fails; the first: ", calls.first_failure));
  }

  const std::string program_;
  const Plan plan_;
  const TopologyBounds bounds_;
  const std::string where_;
  const std::unique_ptr<Topology> topology_;
  EntryPool pool_;
  const SharedVersions versions_;
  Verdict& verdict_;
  CacheServers servers_;
  ColdEntries cold_;
};

}  // namespace

bool TopologyDrill(const DrillOptions& options) {
  Verdict verdict;
  PrintTopologyHead();
  for (const ServerKind kind : {ServerKind::kRedis, ServerKind::kValkey}) {
    const std::string name = kind == ServerKind::kRedis ? "redis" : "valkey";
    if (!support::RedisProcess::Available(kind)) {
      std::printf("SKIPPED, nothing is proven: no %s-server in PATH\n", name.c_str());
      continue;
    }
    Play(options, "cluster " + name, MakeCluster(kind, PlanOf(options.brief).node_timeout), &verdict).Run();
    Play(options, "sentinel " + name, MakeSentinel(kind), &verdict).Run();
  }
  PrintTopologyBounds(BoundsOf(options));
  return verdict.Tell("drill topology");
}

}  // namespace paracle::drills

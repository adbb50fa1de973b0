// P5: a sick Redis fails no Get, delays few and answers none wrongly, and is used again soon after it is well.
//
// Beside the server under test stands another one with a Redis of its own that stays well. It has a quarter of the traffic
// at the same time: what a machine does to both says nothing about the sickness.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/drills/drill.h"
#include "tests/drills/latencies.h"
#include "tests/drills/sickness.h"
#include "tests/drills/stage.h"
#include "tests/drills/traffic.h"

namespace paracle::drills {
namespace {

constexpr int kNamespaces = 16;
constexpr int kWellCallers = 4;
constexpr int kWellShare = 4;  // One of so many Gets is the well server's: enough for its p99, not to keep two cores busy.
constexpr size_t kPayloadBytes = 256;
constexpr absl::Duration kSlack = absl::Milliseconds(10);
constexpr absl::Duration kOverHealthy = absl::Milliseconds(1);
constexpr int kMoreThreads = 8;      // The pools of gRPC, which fill up little by little: two for each core and kind.
constexpr int kMoreDescriptors = 8;  // A connection that ends beside the one that begins, for each of them.
constexpr double kLogLines = 10;     // Of one sickness, and as many a second as follow, whatever the number of calls.
constexpr double kLogLinesEachSecond = 2;
constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr absl::Duration kPoll = absl::Milliseconds(5);

struct Bounds {
  int64_t gets;             // For each sickness, before its cure.
  double gets_per_second;   // So that two cores are not busy with the callers alone.
  absl::Duration at_least;  // Over the first second, which is judged apart.
  absl::Duration recovery;
  double first_share;  // The quantile that is judged in the first second,
  double then_share;   // and after it.
};

Bounds BoundsOf(const DrillOptions& options) {
  // Of a thousand Gets, one pause of a busy machine meets all callers at once, 16: more than one of a hundred.
  if (options.brief) return {1'000, 650, absl::Milliseconds(1'500), absl::Seconds(4), 0.99, 0.9};
  return {20'000, 2'000, absl::Seconds(5), absl::Seconds(2), 0.999, 0.99};
}

struct Row {
  TrafficCounts counts;
  TrafficCounts well;  // Of the server that is well, at the same time.
  absl::Duration back = absl::InfiniteDuration();  // From the cure until Redis answers Gets again.
  int64_t injected = 0;
  int threads = 0;  // More than in good health.
  int descriptors = 0;
  int log_lines = 0;
  absl::Duration took;
  bool running = true;
};

struct Sights {
  int threads = 0;
  int descriptors = 0;

  void Look(const CacheServer& server) {
    threads = std::max(threads, server.Threads());
    descriptors = std::max(descriptors, server.Descriptors());
  }
};

int64_t Injected(const Stage& stage) {
  if (stage.proxy == nullptr) return 0;
  const support::FaultCounters& did = stage.proxy->counters();
  return did.delayed + did.dropped + did.reset + did.truncated + did.sliced + did.swapped + did.duplicated + did.errors;
}

std::string Ms(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return "-";
  return absl::StrFormat("%.1f", absl::ToDoubleMilliseconds(duration));
}

void PrintHead() {
  std::printf("latencies of Gets in ms, p50/p99/p99.9\n");
  std::printf("%-17s %6s %4s %5s %12s %6s %6s %6s %8s | %-16s | %-16s | %-16s | %7s | %3s %3s %3s\n", "sickness",
              "gets", "fail", "wrong", "hits mem/red", "misses", "cancel", "sets", "injected", "first second", "then",
              "well then", "back ms", "thr", "fd", "log");
}

void Print(const Sickness& sickness, const Row& row) {
  const TrafficCounts& c = row.counts;
  std::printf("%s\n",
              absl::StrFormat("%-17s %6d %4d %5d %12s %6d %6d %6d %8d | %-16s | %-16s | %-16s | %7s | %+3d %+3d %3d",
                              sickness.name, c.gets, c.failed + c.sets_failed, c.wrong,
                              absl::StrCat(c.memory_hits, "/", c.shared_hits), c.misses, c.cancelled, c.sets,
                              row.injected, c.first_second.ToString(), c.after.ToString(), row.well.after.ToString(),
                              Ms(row.back), row.threads, row.descriptors, row.log_lines)
                  .c_str());
}

class Drill {
 public:
  explicit Drill(const DrillOptions& options)
      : options_(options),
        bounds_(BoundsOf(options)),
        pool_(kNamespaces, options.brief ? 100 : 250, kPayloadBytes),
        well_pool_(kNamespaces, options.brief ? 100 : 250, kPayloadBytes),
        stage_(ProxiedStage(options.server)),
        well_(ProxiedStage(options.server)) {}

  bool Run() {
    PrepareEntries(stage_, &pool_);
    PrepareEntries(well_, &well_pool_);
    LookAtHealth();
    PrintHead();
    for (const Sickness& sickness : Sicknesses()) {
      if (!options_.brief || !sickness.long_only) Suffer(sickness);
    }
    PrintBounds();
    return verdict_.Tell("drill redis");
  }

 private:
  void Suffer(const Sickness& sickness) {
    if (sickness.own_stage != nullptr) {
      Stage own = sickness.own_stage(options_.server);
      return Play(sickness, own, nullptr);
    }
    if (sickness.asked_on) PrepareEntries(stage_, &pool_);
    Play(sickness, stage_, &first_sights_);
    if (sickness.loses_data) PrepareEntries(stage_, &pool_);
  }

  // `base`: of the server in good health; null: it has not been so yet.
  void Play(const Sickness& sickness, Stage& stage, const Sights* base) {
    Row row;
    const int log_lines = stage.server->LogLines();
    const int64_t injected = Injected(stage);
    RunTraffic(sickness, stage, base, &row);
    row.injected = Injected(stage) - injected;
    row.log_lines = stage.server->LogLines() - log_lines;
    row.running = stage.server->Running();
    Print(sickness, row);
    Judge(sickness, row);
  }

  // Through the sickness, and its cure, until Redis is used again.
  void RunTraffic(const Sickness& sickness, Stage& stage, const Sights* base, Row* row) {
    Traffic traffic(*stage.server, &pool_,
                    {.gets_per_second = bounds_.gets_per_second, .cancel_share = sickness.cancel_share});
    Traffic well(*well_.server, &well_pool_,
                 {.callers = kWellCallers, .gets_per_second = bounds_.gets_per_second / kWellShare});
    Sights sights;
    sights.Look(*stage.server);
    const Sights before = base == nullptr ? sights : *base;
    if (sickness.inflict) sickness.inflict(stage);
    well.Begin();
    traffic.Begin();
    AwaitGets(traffic, bounds_.gets, stage, &sights);
    traffic.Curing();
    row->well = well.End();
    if (sickness.cure) {
      sickness.cure(stage);
      traffic.Cured();
      const absl::Time give_up = absl::Now() + 3 * bounds_.recovery;
      while (!traffic.SharedAgain() && absl::Now() < give_up) Look(stage, &sights);
    }
    const absl::Time cured = traffic.cured();
    row->took = traffic.Age();
    row->counts = traffic.End();
    if (row->counts.shared_again) row->back = *row->counts.shared_again - cured;
    row->threads = sights.threads - before.threads;
    row->descriptors = sights.descriptors - before.descriptors;
  }

  void AwaitGets(const Traffic& traffic, int64_t gets, Stage& stage, Sights* sights) const {
    while (traffic.Age() < kPatience && (traffic.gets() < gets || traffic.Age() < bounds_.at_least)) {
      Look(stage, sights);
    }
  }

  static void Look(Stage& stage, Sights* sights) {
    sights->Look(*stage.server);
    absl::SleepFor(kPoll);
  }

  // Redis has every entry; the server's memory holds some of them.
  void PrepareEntries(Stage& stage, EntryPool* pool) {
    if (!stage.server->AwaitShared(absl::Seconds(10))) verdict_.Expect(false, "the server uses a Redis that is well");
    StoreAll(*stage.server, pool);
  }

  void LookAtHealth() {
    Traffic traffic(*stage_.server, &pool_, {.gets_per_second = bounds_.gets_per_second});
    traffic.Begin();
    AwaitGets(traffic, bounds_.gets / 5, stage_, &first_sights_);
    JudgeHealthy(traffic.End());
  }

  void JudgeHealthy(const TrafficCounts& counts) {
    verdict_.Expect(counts.shared_hits >= counts.gets / 4,
                    "in good health Redis answers at least a quarter of the Gets");
    verdict_.Expect(counts.failed + counts.sets_failed + counts.wrong == 0,
                    absl::StrCat("in good health nothing fails: ", counts.first_failure));
  }

  void Judge(const Sickness& sickness, const Row& row) {
    const TrafficCounts& c = row.counts;
    JudgeHealthy(row.well);
    const auto expect = [&](bool kept, const std::string& what) {
      verdict_.Expect(kept, absl::StrCat(sickness.name, ": ", what));
    };
    expect(row.running, "the server goes on");
    expect(c.gets >= bounds_.gets, "enough Gets to tell");
    expect(!sickness.counted || row.injected > 0, "enough of the fault to tell");
    expect(!sickness.asked_on || c.shared_hits >= c.gets / 10, "enough answers of Redis to tell");
    expect(c.cancelled >= c.gets * sickness.cancel_share / 4, "enough cancelled calls to tell");
    expect(c.failed == 0, absl::StrCat("no Get fails; the first: ", c.first_failure));
    expect(c.sets_failed == 0, absl::StrCat("no Set fails; the first: ", c.first_failure));
    expect(c.wrong == 0, "no answer is wrong");
    expect(!sickness.writes_lost || c.sets_shared == 0, absl::StrCat(c.sets_shared, " Sets say that Redis has them"));
    expect(c.first_second.Quantile(bounds_.first_share) <= MostAsked(), "latency in the first second");
    expect(c.after.Quantile(bounds_.then_share) <= (sickness.asked_on ? MostAsked() : MostUnasked(row.well)),
           "latency then");
    expect(!sickness.cure || row.back <= bounds_.recovery, "Redis answers again soon");
    expect(row.threads <= kMoreThreads, "threads");
    expect(row.descriptors <= kMoreDescriptors, "descriptors");
    expect(row.log_lines <= kLogLines + kLogLinesEachSecond * absl::ToDoubleSeconds(row.took), "log lines");
  }

  absl::Duration MostAsked() const { return options_.leniency() * (kOperationTimeout + kSlack); }
  absl::Duration MostUnasked(const TrafficCounts& well) const {
    return options_.leniency() * (well.after.Quantile(bounds_.then_share) + kOverHealthy);
  }

  void PrintBounds() const {
    std::printf(
        "bounds: 0 failed, 0 wrong; first second p%g <= %s ms, then p%g <= %sthat of the well one + %s ms, back <= %s ms\n",
        100 * bounds_.first_share, Ms(MostAsked()).c_str(), 100 * bounds_.then_share,
        options_.brief ? "3 times " : "", Ms(kOverHealthy).c_str(), Ms(bounds_.recovery).c_str());
  }

  const DrillOptions& options_;
  const Bounds bounds_;
  EntryPool pool_;
  EntryPool well_pool_;
  Stage stage_;
  Stage well_;
  Sights first_sights_;  // In good health, before any sickness.
  Verdict verdict_;
};

}  // namespace

bool RedisDrill(const DrillOptions& options) { return Drill(options).Run(); }

}  // namespace paracle::drills

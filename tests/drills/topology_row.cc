#include "tests/drills/topology_row.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace paracle::drills {
namespace {

constexpr int64_t kEnoughGets = 50;

std::string Ms(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return "-";
  return absl::StrFormat("%.0f", absl::ToDoubleMilliseconds(duration));
}

std::string Text(const TopologyGets& gets) {
  if (gets.latencies.count() == 0) return "-";
  const auto millis = [&](double share) { return absl::ToDoubleMilliseconds(gets.latencies.Quantile(share)); };
  return absl::StrFormat("%.1f/%.1f/%.0f %4.0f%%", millis(0.5), millis(0.99), millis(1), 100 * gets.SharedShare());
}

void Count(const LoggedGet& get, TopologyGets* gets) {
  gets->latencies.Add(get.took);
  if (get.outcome == LoggedGet::Outcome::kShared) ++gets->shared;
  if (get.outcome == LoggedGet::Outcome::kMiss) ++gets->misses;
}

}  // namespace

double TopologyGets::SharedShare() const {
  const int64_t asked = shared + misses;
  return asked == 0 ? 1 : static_cast<double>(shared) / static_cast<double>(asked);
}

absl::Duration BackAfter(const TopologyFault& fault, const CallLog& log, int servers, size_t first) {
  std::vector<absl::Duration> back(servers, absl::InfiniteDuration());
  for (const LoggedGet& get : log.Gets(first)) {
    if (get.begin < fault.end || get.outcome != LoggedGet::Outcome::kShared || !fault.concerned[get.entry]) continue;
    back[get.server] = std::min(back[get.server], get.begin + get.took - fault.end);
  }
  return *std::max_element(back.begin(), back.end());
}

TopologyRow RowOf(const TopologyFault& fault, const CallLog& log, int servers) {
  TopologyRow row;
  const std::vector<LoggedGet> gets = log.Gets();
  for (const LoggedGet& get : gets) {
    ++row.gets;
    if (get.outcome == LoggedGet::Outcome::kFailed) ++row.failed;
    if (get.outcome == LoggedGet::Outcome::kWrong) ++row.wrong;
    if (get.begin < fault.begin || get.begin > fault.end) continue;
    Count(get, fault.concerned[get.entry] ? &row.concerned : &row.living);
  }
  for (const LoggedSet& set : log.Sets()) {
    ++row.sets;
    if (set.outcome == LoggedSet::Outcome::kFailed) ++row.sets_failed;
  }
  if (!gets.empty()) row.seconds = absl::ToDoubleSeconds(gets.back().begin - gets.front().begin);
  row.back = BackAfter(fault, log, servers);
  return row;
}

void PrintTopologyHead() {
  std::printf("fault: Gets of what is concerned and of what is not, ms p50/p99/max, share that Redis answered\n");
  std::printf("%-15s %-22s %6s %4s %5s %5s | %8s %-22s %-22s | %7s | %s\n", "topology", "fault", "gets", "fail",
              "wrong", "sets", "fault ms", "concerned", "others", "back ms", "acknowledged Sets: missing");
}

void Print(const TopologyFault& fault, const TopologyRow& row) {
  const std::string line = absl::StrFormat(
      "%-15s %-22s %6d %4d %5d %5d | %8s %-22s %-22s | %7s | %d of %d", fault.where, fault.name, row.gets,
      row.failed + row.sets_failed, row.wrong, row.sets, Ms(fault.end - fault.begin), Text(row.concerned),
      Text(row.living), Ms(row.back), fault.acknowledged.missing, fault.acknowledged.entries);
  std::printf("%s\n", line.c_str());
}

void PrintTopologyBounds(const TopologyBounds& bounds) {
  std::printf(
      "bounds: 0 failed, 0 wrong; p99 <= %s ms; Redis answers what it can for others: %.0f %%, unless the marks are "
      "concerned; back <= %s ms; nothing is missing after a move\n",
      Ms(bounds.latency).c_str(), 100 * bounds.living_share, Ms(bounds.back).c_str());
}

void Judge(const TopologyFault& fault, const TopologyRow& row, const std::string& first_failure,
           const TopologyBounds& bounds, Verdict* verdict) {
  const auto expect = [&](bool kept, const std::string& what) {
    verdict->Expect(kept, absl::StrCat(fault.where, ", ", fault.name, ": ", what));
  };
  const bool others = std::count(fault.concerned.begin(), fault.concerned.end(), false) > 0;
  expect(fault.end < absl::InfiniteFuture(), "there is an end of it");
  expect(fault.well_again, "all processes are well again");
  expect(row.gets >= bounds.gets_per_second * row.seconds / 2, absl::StrCat("enough Gets to tell: ", row.gets));
  expect(static_cast<int64_t>(row.concerned.latencies.count()) >= kEnoughGets, "enough Gets of what is concerned");
  expect(row.failed == 0, absl::StrCat("no Get fails; the first: ", first_failure));
  expect(row.sets_failed == 0, absl::StrCat("no Set fails; the first: ", first_failure));
  expect(row.wrong == 0, "no answer is wrong");
  expect(row.concerned.latencies.Quantile(0.99) <= bounds.latency, "latency of what is concerned");
  expect(row.living.latencies.Quantile(0.99) <= bounds.latency, "latency of what is not");
  if (others && !fault.marks_too) {
    expect(row.living.shared >= kEnoughGets, "enough answers of Redis for what is not concerned");
    expect(row.living.SharedShare() >= bounds.living_share, "Redis answers for what is not concerned");
  }
  expect(row.back <= bounds.back, "Redis answers again soon");
  expect(fault.acknowledged.entries > 0, "enough acknowledged Sets to tell");
  expect(fault.loss != TopologyFault::Loss::kNone || fault.acknowledged.missing == 0, "no acknowledged Set is missing");
  expect(fault.loss != TopologyFault::Loss::kMust || fault.acknowledged.missing > 0, "enough is lost to tell");
}

}  // namespace paracle::drills

#include "tests/drills/cold_entries.h"

#include "absl/time/clock.h"

namespace paracle::drills {
namespace {

constexpr int kEntries = 40;
constexpr int kFirstNumber = 1'000;  // The namespaces of smaller ones are somebody else's.
constexpr absl::Duration kSlack = absl::Milliseconds(50);

}  // namespace

ColdEntries::ColdEntries() {
  for (int i = 0; i < kEntries; ++i) entries_.emplace_back(kFirstNumber + i);
}

void ColdEntries::Store(const CacheServer& server) {
  ReplicaClient client(server);
  for (TrackedEntry& entry : entries_) client.Set(entry, entry.truth(), "");
  counts_.Add(client.counts());
}

void ColdEntries::Invalidate(const CacheServer& server) {
  ReplicaClient client(server);
  int turn = 0;
  for (TrackedEntry& entry : entries_) {
    entry.Advance();
    if (!client.Invalidate(entry, static_cast<InvalidateKind>(turn++ % 4))) continue;
    last_acknowledged_ = absl::Now();
    entry.Acknowledge(entry.truth(), last_acknowledged_);
    ++acknowledged_;
  }
  counts_.Add(client.counts());
}

void ColdEntries::Ask(const CacheServer& newcomer) {
  absl::SleepFor(last_acknowledged_ + kHardBound + kSlack - absl::Now());
  ReplicaClient client(newcomer);
  for (const TrackedEntry& entry : entries_) client.Get(entry);
  counts_.Add(client.counts());
}

}  // namespace paracle::drills

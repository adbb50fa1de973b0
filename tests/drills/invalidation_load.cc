#include "tests/drills/invalidation_load.h"

#include <random>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace paracle::drills {
namespace {

constexpr int kEntries = 24;
constexpr absl::Duration kReadPause = absl::Milliseconds(10);
constexpr absl::Duration kInvalidatePause = absl::Milliseconds(50);

}  // namespace

InvalidationLoad::InvalidationLoad(const CacheServers& servers) {
  for (int i = 0; i < kEntries; ++i) entries_.emplace_back(i);
  for (const auto& server : servers) {
    readers_.emplace_back(*server);
    writers_.emplace_back(*server);
  }
  threads_.emplace_back([this] { Invalidate(0); });
  for (size_t i = 0; i < readers_.size(); ++i) threads_.emplace_back([this, i] { Read(&readers_[i], i + 1); });
}

InvalidationLoad::~InvalidationLoad() {
  invalidating_ = reading_ = false;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

InvalidationLoad::Counts InvalidationLoad::End() {
  invalidating_ = false;
  threads_.front().join();
  absl::SleepFor(kHardBound + absl::Milliseconds(500));
  reading_ = false;
  for (size_t i = 1; i < threads_.size(); ++i) threads_[i].join();
  for (const ReplicaClient& client : readers_) counts_.calls.Add(client.counts());
  for (const ReplicaClient& client : writers_) counts_.calls.Add(client.counts());
  return counts_;
}

void InvalidationLoad::Read(ReplicaClient* client, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (; reading_; absl::SleepFor(kReadPause)) {
    const TrackedEntry& entry = entries_[random() % entries_.size()];
    const ReplicaClient::Answer answer = client->Get(entry);
    // The truth is read after the token was given: that makes the fill a valid one, or one that the mark refuses.
    if (!answer.fill_token.empty()) client->Set(entry, entry.truth(), answer.fill_token);
  }
}

void InvalidationLoad::Invalidate(uint64_t seed) {
  std::mt19937_64 random(seed);
  for (; invalidating_; absl::SleepFor(kInvalidatePause)) {
    InvalidateOne(entries_[random() % entries_.size()], writers_[random() % writers_.size()]);
  }
}

// Sometimes somebody is making a fill meanwhile, who does not know of it.
void InvalidationLoad::InvalidateOne(TrackedEntry& entry, ReplicaClient& client) {
  const uint64_t version = entry.truth();
  const std::string early_token = client.Get(entry).fill_token;
  entry.Advance();
  if (!client.Invalidate(entry, static_cast<InvalidateKind>(version % 4))) return;
  entry.Acknowledge(version + 1, absl::Now());
  ++counts_.acknowledged;
  if (early_token.empty()) return;
  ++counts_.late_fills;
  client.Set(entry, version, early_token);
}

}  // namespace paracle::drills

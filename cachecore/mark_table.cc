#include "cachecore/mark_table.h"

#include <algorithm>
#include <random>
#include <vector>

#include "absl/hash/hash.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

uint64_t Random64() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

absl::string_view ValueOf(const InvalidationTarget& target) {
  switch (target.kind) {
    case Kind::kDigest:
      return target.digest.AsBytes();
    case Kind::kTag:
    case Kind::kModel:
      return target.value;
    case Kind::kNamespace:
      break;
  }
  return "";
}

}  // namespace

MarkTable::MarkTable(size_t max_marks) : max_marks_(max_marks), epoch_(Random64()), seed_(Random64()) {}

uint64_t MarkTable::Add(const InvalidationTarget& target) {
  const uint64_t key = KeyOf(target.kind, target.ns, ValueOf(target));
  MutexLock lock(mutex_);
  const uint64_t sequence = latest_.load(std::memory_order_relaxed) + 1;
  marks_[key] = sequence;
  Measure();
  latest_.store(sequence, std::memory_order_release);
  return sequence;
}

std::optional<uint64_t> MarkTable::Validate(const MarkSubject& subject, FillToken token) const {
  if (token.epoch != epoch_) return std::nullopt;
  MutexLock lock(mutex_);
  const uint64_t now = latest_.load(std::memory_order_relaxed);
  if (token.sequence == now) return now;
  if (token.sequence > now || token.sequence < floor_) return std::nullopt;
  const auto marked = [&](Kind kind, absl::string_view value) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return MarkedAfter(KeyOf(kind, subject.ns, value), token.sequence);
  };
  if (marked(Kind::kNamespace, "") || marked(Kind::kDigest, subject.digest.AsBytes())) return std::nullopt;
  if (marked(Kind::kModel, subject.model)) return std::nullopt;
  for (const std::string& tag : subject.tags) {
    if (marked(Kind::kTag, tag)) return std::nullopt;
  }
  return now;
}

void MarkTable::FoldOldest(uint64_t checked) {
  MutexLock lock(mutex_);
  if (marks_.empty()) return;
  std::vector<uint64_t> sequences;
  sequences.reserve(marks_.size());
  for (const auto& [key, sequence] : marks_) sequences.push_back(sequence);
  const auto middle = sequences.begin() + sequences.size() / 2;
  std::nth_element(sequences.begin(), middle, sequences.end());
  const uint64_t floor = std::min(*middle, checked);
  absl::erase_if(marks_, [floor](const auto& mark) { return mark.second <= floor; });
  floor_ = std::max(floor_, floor);
  Measure();
}

uint64_t MarkTable::KeyOf(Kind kind, absl::string_view ns, absl::string_view value) const {
  return absl::HashOf(seed_, static_cast<int>(kind), ns, value);
}

bool MarkTable::MarkedAfter(uint64_t key, uint64_t sequence) const {
  const auto it = marks_.find(key);
  return it != marks_.end() && it->second > sequence;
}

void MarkTable::Measure() {
  size_.store(marks_.size(), std::memory_order_relaxed);
  bytes_.store(marks_.capacity() * (sizeof(std::pair<uint64_t, uint64_t>) + 1), std::memory_order_relaxed);
}

}  // namespace paracle::cachecore

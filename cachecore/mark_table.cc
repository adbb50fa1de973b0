#include "cachecore/mark_table.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/hash/hash.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

constexpr uint64_t kLocalMask = (uint64_t{1} << MarkTable::kLocalBits) - 1;

// Not 0, which says that there is none.
uint64_t Random64() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}

}  // namespace

MarkTable::MarkTable(size_t max_marks, NameHash names)
    : max_marks_(max_marks), names_(std::move(names)), seed_(Random64()), epoch_(Random64()) {}

// The two belong together if the epoch is the same before and after; a new one passes through 0.
FillToken MarkTable::Now() const {
  for (;;) {
    const uint64_t epoch = epoch_.load(std::memory_order_acquire);
    const uint64_t sequence = latest_.load(std::memory_order_acquire);
    if (epoch != 0 && epoch_.load(std::memory_order_acquire) == epoch) return {.epoch = epoch, .sequence = sequence};
  }
}

uint64_t MarkTable::Add(const InvalidationTarget& target) {
  const MarkName name = NameOf(target);
  MutexLock lock(mutex_);
  const uint64_t latest = latest_.load(std::memory_order_relaxed);
  if (shared_ && (latest & kLocalMask) == kLocalMask) return latest;
  Leave(name, latest + 1);
  Measure();
  latest_.store(latest + 1, std::memory_order_release);
  return latest + 1;
}

std::optional<uint64_t> MarkTable::Validate(const MarkSubject& subject, FillToken token) const {
  MutexLock lock(mutex_);
  if (token.epoch != epoch_.load(std::memory_order_relaxed)) return std::nullopt;
  const uint64_t now = latest_.load(std::memory_order_relaxed);
  if (token.sequence == now) return now;
  if (token.sequence > now || token.sequence < floor_) return std::nullopt;
  const auto marked = [&](Kind kind, absl::string_view value) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return MarkedAfter(MarkName::Of(kind, subject.ns, value, names_), token.sequence);
  };
  if (marks_.empty()) return now;
  if (marked(Kind::kNamespace, "") || marked(Kind::kDigest, subject.digest.AsBytes())) return std::nullopt;
  if (marked(Kind::kModel, subject.model)) return std::nullopt;
  for (const std::string& tag : subject.tags) {
    if (marked(Kind::kTag, tag)) return std::nullopt;
  }
  return now;
}

bool MarkTable::Learn(const MarkPage& page) {
  MutexLock lock(mutex_);
  const uint64_t latest = latest_.load(std::memory_order_relaxed);
  if (page.epoch == epoch_.load(std::memory_order_relaxed)) {
    if (page.from > latest >> kLocalBits) return false;
  } else {
    if (page.epoch == 0 || page.to << kLocalBits <= latest) return false;
    StartAgain(page);
  }
  for (const MarkPage::Mark& mark : page.marks) Leave(mark.name, mark.number << kLocalBits);
  if (marks_.size() > 2 * max_marks_) Fold(page.to << kLocalBits);
  floor_ = std::max(floor_, page.floor << kLocalBits);
  Measure();
  latest_.store(std::max(latest, page.to << kLocalBits), std::memory_order_release);
  epoch_.store(page.epoch, std::memory_order_release);
  return true;
}

MarkTable::Position MarkTable::position() const { return ToPosition(Now()); }

void MarkTable::FoldOldest(uint64_t checked) {
  MutexLock lock(mutex_);
  Fold(checked);
  Measure();
}

void MarkTable::StartAgain(const MarkPage& page) {
  epoch_.store(0, std::memory_order_release);
  shared_ = true;
  marks_.clear();
  floor_ = page.floor << kLocalBits;
}

// Marks may be learnt twice, and an own one may be newer than what a page says.
void MarkTable::Leave(const MarkName& name, uint64_t number) {
  uint64_t& mark = marks_[absl::HashOf(seed_, name)];
  mark = std::max(mark, number);
}

void MarkTable::Fold(uint64_t checked) {
  if (marks_.empty()) return;
  std::vector<uint64_t> numbers;
  numbers.reserve(marks_.size());
  for (const auto& [name, number] : marks_) numbers.push_back(number);
  const auto middle = numbers.begin() + numbers.size() / 2;
  std::nth_element(numbers.begin(), middle, numbers.end());
  const uint64_t floor = std::min(*middle, checked);
  absl::erase_if(marks_, [floor](const auto& mark) { return mark.second <= floor; });
  floor_ = std::max(floor_, floor);
}

bool MarkTable::MarkedAfter(const MarkName& name, uint64_t number) const {
  const auto it = marks_.find(absl::HashOf(seed_, name));
  return it != marks_.end() && it->second > number;
}

void MarkTable::Measure() {
  size_.store(marks_.size(), std::memory_order_relaxed);
  bytes_.store(marks_.capacity() * (sizeof(std::pair<uint64_t, uint64_t>) + 1), std::memory_order_relaxed);
}

}  // namespace paracle::cachecore
